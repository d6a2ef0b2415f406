//! With a real PostgreSQL: three plans carried out, each ending with exactly the rows that were wished for.
//!
//! As root, the server runs as the user `postgres`.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use restore_chain::pitr::{
    Archive, ArchiveName, BaseBackup, Journal, Label, Lsn, Outcome, Rejection, SegmentSize, Target,
    TimelineId, Wish, choose, label, predict, render,
};

const SEGMENT: u64 = 1 << 20;

/// Where the server's programs are.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions
        .map(|entry| entry.unwrap().path().join("bin"))
        .filter(|bin| bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop()
}

struct Lab {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl Lab {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program as the server's user.
    fn try_run(&self, program: &str, words: &[&str]) -> Output {
        let own = self.bin.join(program);
        let program = if own.exists() { own } else { program.into() };
        let mut command = if fs::metadata("/root").is_ok_and(|_| is_root()) {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.args(words).current_dir(self.folder.path()).env("LC_ALL", "C").env("TZ", "UTC");
        command.output().unwrap()
    }

    fn run(&self, program: &str, words: &[&str]) -> String {
        let output = self.try_run(program, words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success(),
            "{program} {words:?}: {said}\n{}",
            fs::read_to_string(self.path("log")).unwrap_or_default()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&self, data: &Path) {
        let (data, log) = (data.to_str().unwrap(), self.path("log"));
        let _ = fs::remove_file(&log);
        self.run("pg_ctl", &["start", "-w", "-t", "120", "-D", data, "-l", log.to_str().unwrap()]);
    }

    fn stop(&self, data: &Path) {
        self.run("pg_ctl", &["stop", "-w", "-m", "fast", "-D", data.to_str().unwrap()]);
    }

    fn sql(&self, text: &str) -> String {
        let folder = self.folder.path().to_str().unwrap();
        self.run("psql", &["-X", "-h", folder, "-d", "postgres", "-Atqc", text]).trim().to_owned()
    }

    /// Writes a row: where and when its transaction ended.
    fn row(&self, n: u32) -> (Lsn, jiff::Timestamp) {
        self.sql(&format!("insert into t values ({n})"));
        let lsn = self.sql("select pg_current_wal_insert_lsn()").parse().unwrap();
        let time = self.sql(&format!(
            "select pg_xact_commit_timestamp(xmin) at time zone 'UTC' from t where n = {n}"
        ));
        self.sql("select pg_switch_wal()");
        (lsn, label::time(&format!("{time}+00")).unwrap())
    }

    fn backup(&self, name: &str) {
        let folder = self.folder.path().to_str().unwrap();
        let to = self.path(name);
        self.run(
            "pg_basebackup",
            &[
                "-h",
                folder,
                "-D",
                to.to_str().unwrap(),
                "-X",
                "none",
                "-c",
                "fast",
                "-l",
                name,
                "--no-sync",
            ],
        );
    }

    /// Waits until everything up to now is in the archive.
    fn archived(&self) {
        let last = self.sql("select pg_walfile_name(pg_switch_wal())");
        let until = Instant::now() + Duration::from_secs(60);
        while !self.path("archive").join(&last).exists() {
            assert!(Instant::now() < until, "{last} was not archived");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The archive as it is now, and the backups whose labels are in it.
    fn observe(&self) -> (Archive, Vec<BaseBackup>) {
        let size = SegmentSize::new(SEGMENT).unwrap();
        let mut names: Vec<String> = fs::read_dir(self.path("archive"))
            .unwrap()
            .map(|f| f.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let mut archive = Archive::from_names(size, names.iter().map(String::as_str));
        let mut backups = Vec::new();
        for name in &names {
            let text = || fs::read_to_string(self.path("archive").join(name)).unwrap();
            match ArchiveName::parse(name, size) {
                Some(ArchiveName::History(timeline)) => {
                    archive.add_history(timeline, &text()).unwrap();
                }
                Some(ArchiveName::BackupLabel(..)) => {
                    let label = Label::parse(&text()).unwrap();
                    backups.push(
                        BaseBackup::from_label(label.label.as_deref().unwrap(), &label).unwrap(),
                    );
                }
                _ => {}
            }
        }
        (archive, backups)
    }

    /// Carries a plan out: what the server has then.
    fn recover(&self, wish: &Wish, data: &str) -> String {
        let (archive, backups) = self.observe();
        let choice = choose(&backups, &archive, wish, None).unwrap();
        println!("{choice}");
        let journal = Journal::default();
        if !matches!(choice.settings.target, Target::Time(_)) {
            let prediction = predict(&choice.backup, &archive, &choice.settings, &journal);
            assert!(matches!(prediction.outcome, Outcome::Promoted(_)), "{prediction:?}");
        }
        let (from, to) = (self.path(&choice.backup.name), self.path(data));
        self.run("cp", &["-a", from.to_str().unwrap(), to.to_str().unwrap()]);
        let command = format!("cp {}/%f %p", self.path("archive").display());
        let conf = to.join("postgresql.auto.conf");
        let text = fs::read_to_string(&conf).unwrap() + &render::conf(&choice, &command);
        fs::write(&conf, text).unwrap();
        fs::write(to.join("recovery.signal"), "").unwrap();
        self.run("chmod", &["0700", to.to_str().unwrap()]);
        self.start(&to);
        let until = Instant::now() + Duration::from_secs(60);
        while self.sql("select pg_is_in_recovery()") != "f" {
            assert!(
                Instant::now() < until,
                "not promoted: {}",
                fs::read_to_string(self.path("log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        self.sql("select string_agg(n::text, ' ' order by n) from t")
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

#[test]
fn three_plans_end_where_they_should() {
    let Some(bin) = programs() else {
        println!("skipped: postgres (not installed)");
        return;
    };
    let folder = tempfile::Builder::new().prefix("pitr").tempdir_in("/tmp").unwrap();
    let lab = Lab { bin, folder };
    if is_root() {
        assert!(
            Command::new("chown")
                .arg("postgres")
                .arg(lab.folder.path())
                .status()
                .unwrap()
                .success()
        );
    }
    fs::set_permissions(lab.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    lab.run("mkdir", &["archive"]);
    let primary = lab.path("primary");
    lab.run(
        "initdb",
        &[
            "-D",
            primary.to_str().unwrap(),
            "-A",
            "trust",
            "--wal-segsize=1",
            "--no-sync",
            "-U",
            "postgres",
        ],
    );
    let settings = format!(
        "listen_addresses = ''\nunix_socket_directories = '{folder}'\narchive_mode = on\narchive_command = 'cp %p {folder}/archive/%f'\n\
         wal_level = replica\nfsync = off\ntrack_commit_timestamp = on\nlog_timezone = 'UTC'\ntimezone = 'UTC'\nmax_wal_size = 16MB\nmin_wal_size = 4MB\n",
        folder = lab.folder.path().display()
    );
    let conf = primary.join("postgresql.conf");
    fs::write(&conf, fs::read_to_string(&conf).unwrap() + &settings).unwrap();

    lab.start(&primary);
    lab.sql("create table t (n int primary key)");
    lab.row(1);
    lab.backup("first");
    let (second, _) = lab.row(2);
    lab.row(3);
    lab.backup("late");
    std::thread::sleep(Duration::from_millis(1500));
    let (_, fourth) = lab.row(4);
    lab.row(5);
    lab.archived();
    lab.stop(&primary);

    // To a place before the second backup: the first one is the way.
    let one = TimelineId(1);
    assert_eq!(lab.recover(&Wish::new(Target::Lsn(second)).on(one), "to-place"), "1 2");
    // What was promoted is timeline 2: it goes on there.
    lab.row(20);
    lab.archived();
    lab.stop(&lab.path("to-place"));
    // To a time after the second backup: that one, on the old timeline.
    assert_eq!(lab.recover(&Wish::new(Target::Time(fourth)).on(one), "to-time"), "1 2 3 4");
    lab.stop(&lab.path("to-time"));
    // To the end of the timeline that was left before the second backup: the first one again.
    let two = TimelineId(2);
    let (archive, backups) = lab.observe();
    let choice = choose(&backups, &archive, &Wish::new(Target::End).on(two), None).unwrap();
    assert!(
        matches!(&choice.others[..], [(name, Some(Rejection::AfterFork { .. }))] if name == "late"),
        "{choice}"
    );
    assert_eq!(lab.recover(&Wish::new(Target::End).on(two), "to-end"), "1 2 20");
    lab.stop(&lab.path("to-end"));
    println!("postgres: 3 plans carried out");
}
