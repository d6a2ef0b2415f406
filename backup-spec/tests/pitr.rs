//! Point-in-time recovery: what is rendered, and where barman-cloud and pgBackRest are installed, whether they take it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::process::Command;

use backup_spec::pitr::{
    Barman, BaseBackup, Cluster, Compression, Flaw, Kind, PgBackRest, Pitr, Repository, Retention,
    Storage, Tool,
};
use backup_spec::timer::Timer;
use proptest::prelude::*;

fn cluster() -> Cluster {
    Cluster {
        data: "/var/lib/postgresql/17".to_owned(),
        data_dataset: Some("tank/services/postgresql".parse().unwrap()),
        wal: None,
        wal_dataset: None,
    }
}

fn pitr(tool: Tool) -> Pitr {
    let full = BaseBackup::full(Timer::new("02:00".parse().unwrap()));
    Pitr {
        cluster: cluster(),
        archive_timeout: "300s".parse().unwrap(),
        max_wal_senders: Some(3),
        tool,
        base: vec![full],
    }
}

fn barman() -> Barman {
    let mut barman = Barman::new("s3://backups/pg", "pg-main", Retention::Redundancy(7));
    barman.compression = Some(Compression::Gzip);
    barman
}

/// Two repositories, both with all WAL: a share and a bucket.
fn pgbackrest() -> PgBackRest {
    let repository = |path: &str, storage| Repository {
        path: path.to_owned(),
        storage,
        retention: Retention::Redundancy(7),
        differential: None,
        archive: None,
    };
    let s3 = Storage::S3 {
        bucket: "pg".to_owned(),
        endpoint: "r2.example.org".to_owned(),
        region: "auto".to_owned(),
    };
    PgBackRest {
        stanza: "main".to_owned(),
        repositories: vec![
            repository("/mnt/nas/pgbackrest", Storage::Posix),
            repository("/pgbackrest", s3),
        ],
        spool: None,
        processes: Some(2),
    }
}

#[test]
fn settings_make_archiving_work() {
    let settings = pitr(Tool::Barman(barman())).postgresql_conf();
    assert_eq!(
        settings,
        "archive_command = 'barman-cloud-wal-archive --gzip s3://backups/pg pg-main %p'\n\
         archive_mode = 'on'\n\
         archive_timeout = '300'\n\
         max_wal_senders = '3'\n\
         wal_level = 'replica'\n"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// PostgreSQL takes the quotes off, replaces `%p`, and gives the rest to `sh`: every word arrives.
    #[test]
    fn every_word_of_the_archive_command_arrives(destination in "[ -~]{1,12}", server in "[ -~]{1,8}") {
        let barman = Barman::new(&destination, &server, Retention::Redundancy(1));
        let pitr = pitr(Tool::Barman(barman.clone()));
        let text = pitr.postgresql_conf();
        let value = text.lines().next().unwrap().strip_prefix("archive_command = '").unwrap();
        let value = value.strip_suffix('\'').unwrap().replace("''", "'").replace(r"\\", r"\");
        // `%p` and `%%` (postgresql.conf(5): archive_command).
        let mut command = String::new();
        let mut chars = value.chars();
        while let Some(c) = chars.next() {
            match (c, c == '%') {
                (_, true) => command.push_str(if chars.next() == Some('p') { "pg_wal/1" } else { "%" }),
                _ => command.push(c),
            }
        }
        let script = format!("set -- {command}; for word; do printf '%s\\n' \"$word\"; done");
        let output = Command::new("sh").args(["-c", &script]).output().unwrap();
        let words = String::from_utf8(output.stdout).unwrap();
        let mut meant = barman.archive();
        meant.push("pg_wal/1".to_owned());
        prop_assert_eq!(words.lines().collect::<Vec<_>>(), meant, "{}", script);
    }

    #[test]
    fn a_retention_reads_back(text in "(?i)(redundancy|recovery +window +of) +[0-9]{1,4}( +(day|week|month)s?)?") {
        if let Ok(retention) = text.parse::<Retention>() {
            prop_assert_eq!(retention.to_string().parse::<Retention>().unwrap(), retention);
        }
    }
}

#[test]
fn what_leaves_no_way_back_is_a_flaw() {
    let mut broken = pitr(Tool::PgBackRest(pgbackrest()));
    broken.base[0].kind = Kind::Incremental;
    broken.base[0].repository = 3;
    let flaws = broken.flaws();
    for flaw in [Flaw::NoFullBackup(1), Flaw::NoFullBackup(2), Flaw::UnknownRepository(3)] {
        assert!(flaws.contains(&flaw), "{flaws:?}");
    }
    let mut barman = barman();
    (barman.destination, barman.server) = ("backups".to_owned(), "--help".to_owned());
    barman.retention = Retention::Redundancy(0);
    let flaws = pitr(Tool::Barman(barman)).flaws();
    assert_eq!(flaws.len(), 3, "{flaws:?}");
}

#[test]
fn pgbackrest_takes_the_configuration() {
    if Command::new("pgbackrest").arg("version").output().is_err() {
        println!("skipped: pgbackrest (not installed)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut tool = pgbackrest();
    tool.repositories.truncate(1);
    tool.repositories[0].path = path("repository");
    tool.repositories[0].differential = Some(2);
    tool.repositories[0].retention = Retention::Window { days: 30 };
    tool.spool = Some(backup_spec::pitr::Spool { path: path("spool"), limit: Some(16 << 30) });
    std::fs::create_dir(path("repository")).unwrap();
    let ask = |config: &str, options: &[&str]| {
        std::fs::write(path("conf"), config).unwrap();
        let output = Command::new("pgbackrest")
            .args([&format!("--config={}", path("conf")), &format!("--log-path={}", path(""))])
            .args(options)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (said, String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let cluster = cluster();
    let config = tool.config(&cluster, "300s".parse().unwrap());
    let (said, out) = ask(&config, &["--stanza=main", "info"]);
    assert_eq!(said, "", "{config}");
    assert!(out.contains("stanza: main"));
    // The control: it does say something of an option that it does not know.
    let (said, _) = ask(&config.replace("process-max", "process-most"), &["--stanza=main", "info"]);
    assert!(said.contains("process-most"), "{said}");
    // The commands are read as far as the missing repository.
    let commands = [
        tool.backup(Kind::Full, 1),
        tool.backup(Kind::Differential, 1),
        tool.backup(Kind::Incremental, 1),
    ];
    let mut read = 0;
    for argv in commands.into_iter().chain(tool.expire()) {
        let words: Vec<&str> = argv[1..].iter().map(String::as_str).collect();
        let (said, _) = ask(&config, &words);
        // 055: the repository has no backup.info, which is looked for when everything is read.
        assert!(said.contains("[055]") && !said.contains("invalid"), "{argv:?}: {said}");
        read += 1;
    }
    println!("pgbackrest: 1 configuration and {read} commands read");
}

/// What barman's reader of arguments refuses (barman-cloud-backup(1), exit codes).
const REFUSED: Option<i32> = Some(3);

#[test]
fn barman_takes_the_commands() {
    if Command::new("barman-cloud-backup").arg("--version").output().is_err() {
        println!("skipped: barman-cloud (not installed)");
        return;
    }
    let ask = |argv: &[String]| {
        Command::new(&argv[0])
            .args(&argv[1..])
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap()
            .status
            .code()
    };
    let mut barman = barman();
    // Nobody listens there.
    barman.endpoint = Some("http://127.0.0.1:9".to_owned());
    let mut archive = barman.archive();
    archive.push("pg_wal/000000010000000000000001".to_owned());
    let mut read = 0;
    for argv in [barman.backup(), archive, barman.expire(), barman.check_archive()] {
        assert_ne!(ask(&argv), REFUSED, "{argv:?}");
        read += 1;
    }
    // What the declaration began with: no such option, and no name of a server.
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ask(&words("barman-cloud-backup --compression gzip s3://bucket pg-main")), REFUSED);
    assert_eq!(ask(&words("barman-cloud-wal-archive s3://bucket")), REFUSED);
    println!("barman-cloud: {read} commands read");
}

/// What barman makes of a text is what we make of it.
#[test]
fn barman_reads_the_same_retentions() {
    let texts = [
        "REDUNDANCY 3",
        "redundancy 3",
        " Recovery Window Of 30 Days ",
        "RECOVERY WINDOW OF 1 DAY",
        "RECOVERY WINDOW OF 4 W",
        "RECOVERY WINDOW OF 4 WEEKS",
        "RECOVERY WINDOW OF 2 MONTHS",
        "RECOVERY WINDOW OF 0 DAYS",
        "REDUNDANCY 0",
        "RECOVERY WINDOW OF 2 YEARS",
        "RECOVERYWINDOW OF 2 DAYS",
        "RECOVERY WINDOW OF 2 DAYSS",
        "REDUNDANCY -1",
        "",
        "RECOVERY  WINDOW\tOF 3 day",
        "REDUNDANCY 03",
        "RECOVERY WINDOW OF 2 days x",
        "REDUNDANCY 3 DAYS",
        "RECOVERY WINDOW OF 3",
    ];
    let script = "import sys\n\
        from barman.retention_policies import RetentionPolicyFactory as F\n\
        class C:\n    def get_backup_list(self): return {}\n\
        for line in sys.argv[1:]:\n\
        \ttry:\n\
        \t\tr = F.create('retention_policy', line, server_name='x', catalog=C())\n\
        \t\tprint('R' if r.unit == 'b' else 'W', r.value * {'b': 1, 'd': 1, 'w': 7, 'm': 31}[r.unit])\n\
        \texcept Exception as e:\n\t\tprint('no')\n";
    let program = std::fs::read_to_string("/usr/bin/barman-cloud-backup").unwrap_or_default();
    let python = program
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("#!"))
        .unwrap_or("python3")
        .trim()
        .to_owned();
    let run = Command::new(&python).args(["-c", script]).args(texts).output();
    let said =
        run.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if said.lines().count() != texts.len() || !said.contains('R') {
        println!("skipped: barman's own reader (no Python module barman)");
        return;
    }
    for (text, said) in texts.iter().zip(said.lines()) {
        let ours = match text.parse::<Retention>() {
            Ok(Retention::Redundancy(count)) => format!("R {count}"),
            Ok(Retention::Window { days }) => format!("W {days}"),
            Err(_) => "no".to_owned(),
        };
        assert_eq!(ours, said, "{text:?}");
    }
    println!("barman: {} retentions compared", texts.len());
}
