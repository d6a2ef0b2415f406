//! The table of protection says what is known of the hosts of the examples, and agrees with itself.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use backup_spec::coverage::{Coverage, Finding, Tier};
use examples::protection::{Answer, End, Loss, Row, System, Verdict, html, markdown, table, text};

fn answer(row: &Row, loss: Loss) -> &Answer {
    row.answers.iter().find(|answer| answer.loss == loss).unwrap()
}

/// The table of the application server, made once.
fn forge() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| table(&System::forge().unwrap()).unwrap())
}

fn row<'r>(rows: &'r [Row], name: &str) -> &'r Row {
    rows.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn the_application_server() {
    let (system, rows) = (System::forge().unwrap(), forge());
    assert!(rows.iter().all(|row| row.answers.len() == Loss::ALL.len()));
    let names: BTreeSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "a row for each, once");
    assert!(system.inventory.datasets().all(|(dataset, _)| names.contains(dataset.as_str())));
    assert!(
        system.layout.entries().iter().all(|entry| names.contains(entry.path.to_string().as_str()))
    );

    // The root is thrown away at every boot; what has a place in the store, or a dataset, is not.
    assert_eq!(answer(row(rows, "rpool/local/root"), Loss::Reboot).end, End::Anew);
    let gone: Vec<&str> = rows
        .iter()
        .filter(|row| answer(row, Loss::Reboot).end == End::Gone)
        .map(|row| row.name.as_str())
        .collect();
    assert_eq!(gone, Vec::<&str>::new());

    // Everything that lacks a copy elsewhere is gone with the site, and nothing that has one.
    let coverage = Coverage::of(&system.copies, &system.inventory);
    for (subject, _) in coverage
        .findings()
        .filter(|(_, found)| **found == Finding::MissingTier { tier: Tier::OffsiteBackup })
    {
        let row = row(rows, &subject.to_string());
        assert_eq!(answer(row, Loss::Site).end, End::Gone, "{subject}");
        assert!(matches!(row.verdict, Verdict::Fails(_)), "{subject}");
    }
    let signal = answer(row(rows, "tank/services/signal-api"), Loss::Site);
    assert_eq!(signal.through.as_deref(), Some("restic r2-offsite"));
    // The password of the repository is decrypted with a key that the site takes along.
    assert!(signal.first.contains("rpool/safe/persist"), "{signal:?}");

    // The store holds the key that would bring it back: nothing does that by itself.
    for loss in [Loss::Dataset, Loss::Pool, Loss::Site] {
        assert_eq!(answer(row(rows, "rpool/safe/persist"), loss).end, End::ByHand);
        assert_eq!(answer(row(rows, "/etc/ssh/ssh_host_ed25519_key"), loss).end, End::ByHand);
    }
    // Logs are left out of the only copy elsewhere.
    assert_eq!(answer(row(rows, "/var/log"), Loss::Site).end, End::Gone);
    assert_eq!(answer(row(rows, "/var/lib/nixos"), Loss::Site).end, End::ByHand);

    // A database comes back to the minute, from either archive.
    let postgresql = answer(row(rows, "tank/services/postgresql"), Loss::Pool);
    assert_eq!((postgresql.data, postgresql.then.len()), (Some(6 * 60), 1));

    // Hourly snapshots are kept for two days where the template says 48, and for one where it says 24.
    let deleted = |name: &str| answer(row(rows, name), Loss::File).data.unwrap();
    assert!(deleted("tank/services/sonarr") < 2 * 3600);
    assert_eq!(deleted("rpool/safe/home"), 24 * 3600);
}

#[test]
fn without_its_machine_nothing_of_a_pool_comes_back() {
    let rows = forge();
    let sonarr = answer(row(rows, "tank/services/sonarr"), Loss::Pool);
    // Two copies, on one machine.
    assert_eq!(
        (sonarr.through.as_deref(), sonarr.then.as_slice()),
        (Some("replica nas-1"), ["restic nas-primary".to_owned()].as_slice())
    );
    assert!(
        sonarr.breaks.contains("nas-1") && !sonarr.breaks.contains("repository nas-primary"),
        "{:?}",
        sonarr.breaks
    );
    let actual = answer(row(rows, "tank/services/actual"), Loss::Pool);
    assert!(!actual.breaks.contains("nas-1"), "{:?}", actual.breaks);
    assert!(actual.breaks.contains("the network"));
}

/// What is said to hang on a machine is what is gone without it, and nothing else.
#[test]
fn what_hangs_on_a_machine_is_gone_without_it() {
    let mut system = System::forge().unwrap();
    let with = forge();
    let mut spec = system.copies.clone().into_spec();
    for replication in spec.replication.values_mut() {
        assert_eq!(replication.job.target.host.as_deref(), Some("nas-1"));
        replication.enable = false;
    }
    for job in spec.jobs.values_mut().filter(|job| job.repository.as_str() == "nas-primary") {
        job.enable = false;
    }
    system.copies = spec.check().unwrap();
    let without = table(&system).unwrap();
    let (mut hang, mut others) = (0, 0);
    for (with, without) in with.iter().zip(&without) {
        // Its other archive is on the machine as well, and is not taken away here.
        if with.name == "tank/services/postgresql" {
            continue;
        }
        for (with, without) in with.answers.iter().zip(&without.answers) {
            let is_back = |answer: &Answer| matches!(answer.end, End::Back | End::ByHand);
            if with.breaks.contains("nas-1") {
                assert!(!is_back(without), "{with:?}");
                hang += 1;
            } else if is_back(with) {
                assert!(is_back(without), "{with:?}");
                others += 1;
            }
        }
    }
    assert!(hang > 90 && others > 60, "{hang} {others}");
}

#[test]
fn a_machine_without_copies_comes_back_from_nothing() {
    let rows = table(&System::luna().unwrap()).unwrap();
    for row in &rows {
        for loss in [Loss::Dataset, Loss::Pool, Loss::Site, Loss::File] {
            assert!(matches!(answer(row, loss).end, End::Gone | End::Anew), "{}", row.name);
        }
    }
    assert_eq!(answer(row(&rows, "/var/lib/caddy"), Loss::Reboot).end, End::Stays);
    let metrics = row(&rows, "/var/lib/node-exporter");
    assert_eq!(
        (answer(metrics, Loss::Reboot).end, &metrics.verdict),
        (End::Anew, &Verdict::NotKept)
    );
}

#[test]
fn every_form_has_every_row() {
    let system = System::luna().unwrap();
    let rows = table(&system).unwrap();
    for form in [text::table, markdown::table, html::page] {
        // Markdown's own characters are escaped.
        let shown = form(&system.name, &rows).replace('\\', "");
        assert!(rows.iter().all(|row| shown.contains(&row.name)));
    }
    // Whatever a name is made of, it stays text.
    let odd = Row { name: "/<script>&|`".to_owned(), ..rows[0].clone() };
    assert!(!html::page("<b>", std::slice::from_ref(&odd)).contains("<script>"));
    let columns = |line: &str| line.replace("\\|", "").matches('|').count();
    let page = markdown::table("x", &[odd]);
    let line = page.lines().find(|line| line.contains("script")).unwrap();
    assert_eq!(columns(line), Loss::ALL.len() + 4);
}
