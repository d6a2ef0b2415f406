//! With a real PostgreSQL: three plans carried out, each ending with exactly the rows that were wished for.
//!
//! As root, the server runs as the user `postgres`.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use restore_chain::exec::postgres::{Postgres, RecoverError, Recovered, Source};
use restore_chain::pitr::{
    Archive, ArchiveName, BaseBackup, Journal, Label, Lsn, Outcome, Rejection, SegmentSize, Target,
    TimelineId, Wish, choose, label, predict,
};

const SEGMENT: u64 = 1 << 20;
const LIMIT: Duration = Duration::from_secs(120);

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

    fn backup(&self, name: &str, more: &[&str]) {
        let (folder, to) = (self.folder.path().to_str().unwrap(), self.path(name));
        let words = ["-h", folder, "-D", to.to_str().unwrap(), "-X", "none", "-c", "fast"];
        let words = [&words[..], &["-l", name, "--no-sync"], more].concat();
        self.run("pg_basebackup", &words);
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

    /// A server that is not there yet, and where its data is to come from.
    fn server(&self, data: &str) -> (Postgres, Source) {
        let prefix = if is_root() {
            ["runuser", "-u", "postgres", "--"].map(str::to_owned).into()
        } else {
            Vec::new()
        };
        let server = Postgres {
            programs: self.bin.clone(),
            data: self.path(data),
            prefix,
            sockets: self.folder.path().into(),
            log: self.path(&format!("{data}.log")),
        };
        let source =
            Source::Folders { backups: self.folder.path().into(), archive: self.path("archive") };
        (server, source)
    }

    /// Carries a plan out: what the server has then. It is left running.
    fn recover(&self, wish: &Wish, data: &str) -> String {
        let (archive, backups) = self.observe();
        let choice = choose(&backups, &archive, wish, None).unwrap();
        println!("{choice}");
        let (server, source) = self.server(data);
        let recovered = server.recover(&choice, &source, LIMIT).unwrap();
        let journal = Journal::default();
        if !matches!(choice.settings.target, Target::Time(_)) {
            let prediction = predict(&choice.backup, &archive, &choice.settings, &journal);
            let Outcome::Promoted(promoted) = prediction.outcome else { panic!("{prediction:?}") };
            assert_eq!(recovered.timeline, promoted, "{recovered:?}");
        }
        // Once more: nothing is left to do, and nobody's data is touched.
        let again = server.recover(&choice, &source, LIMIT).unwrap();
        assert_eq!(again, Recovered { now: false, ..recovered });
        self.start(&self.path(data));
        self.sql("select string_agg(n::text, ' ' order by n) from t")
    }
}

impl Lab {
    /// Killed in several moments and run again, it ends where it should; what is in place is never half a base backup.
    fn killed(&self, wish: &Wish, rows: &str) {
        let (archive, backups) = self.observe();
        let choice = choose(&backups, &archive, wish, None).unwrap();
        let (server, source) = self.server("killed");
        // Before the copy was complete: staging is there, and nothing in place.
        let staging = self.path("killed.restore-staging");
        self.run("mkdir", &[staging.to_str().unwrap()]);
        self.run("touch", &[staging.join("half").to_str().unwrap()]);
        // After it was renamed into place, before the server was started: no time is left for that.
        let stopped = Postgres { programs: "/no/such/place".into(), ..server.clone() };
        assert!(stopped.recover(&choice, &source, LIMIT).is_err());
        assert!(server.data.join("recovery.signal").exists() && !staging.exists());
        assert!(!server.data.join("half").exists());
        // While it replayed: the server goes on without its starter.
        self.start(&server.data);
        let recovered = server.recover(&choice, &source, LIMIT).unwrap();
        assert!(recovered.now, "{recovered:?}");
        self.start(&server.data);
        assert_eq!(self.sql("select string_agg(n::text, ' ' order by n) from t"), rows);
        self.stop(&server.data);
        println!("postgres: 1 plan carried out after 3 interruptions");
    }

    /// Data of somebody else's stays as it is, and so does that of another wish.
    fn refused(&self, wish: &Wish) {
        let (archive, backups) = self.observe();
        let choice = choose(&backups, &archive, wish, None).unwrap();
        let (server, source) = self.server("primary");
        let before = fs::read(server.data.join("postgresql.auto.conf")).unwrap();
        let refused = server.recover(&choice, &source, LIMIT);
        assert!(matches!(refused, Err(RecoverError::Occupied(_))), "{refused:?}");
        assert_eq!(fs::read(server.data.join("postgresql.auto.conf")).unwrap(), before);
        let (server, source) = self.server("to-end");
        assert!(matches!(server.recover(&choice, &source, LIMIT), Err(RecoverError::Occupied(_))));
        // A target that the log does not contain: the server says so, and so does this.
        let mut beyond = choice.clone();
        beyond.settings.target = Target::Name("never-made".to_owned());
        let (server, source) = self.server("beyond");
        let ended = server.recover(&beyond, &source, LIMIT).unwrap_err();
        assert!(
            ended
                .to_string()
                .contains("recovery ended before configured recovery target was reached"),
            "{ended}"
        );
    }
}

impl Lab {
    /// A server that was recovered once keeps what it was told then, and so do its backups; those of a standby have its mark.
    fn again(&self, rows: &str) {
        let once = self.path("to-time");
        self.start(&once);
        self.row(30);
        self.backup("grown", &[]);
        self.row(31);
        self.archived();
        self.stop(&once);
        self.run("touch", &[self.path("grown").join("standby.signal").to_str().unwrap()]);
        // The timeline that it began.
        let last = TimelineId(3);
        for (target, data, more) in
            [(Target::End, "again-to-end", "30 31"), (Target::Immediate, "again-to-backup", "30")]
        {
            let wish = Wish::new(target).on(last);
            let (archive, backups) = self.observe();
            assert_eq!(choose(&backups, &archive, &wish, None).unwrap().backup.name, "grown");
            assert_eq!(self.recover(&wish, data), format!("{rows} {more}"));
            self.stop(&self.path(data));
        }
        // Where the archive has lost the history of the timeline, the server knows it as the backup's own one.
        let history = self.path("archive").join(last.history_name());
        fs::rename(&history, self.path("history")).unwrap();
        let wish = Wish::new(Target::Immediate).on(last);
        assert_eq!(self.recover(&wish, "again-without-history"), format!("{rows} 30"));
        self.stop(&self.path("again-without-history"));
        let (archive, backups) = self.observe();
        let (_, why) = choose(&backups, &archive, &Wish::new(Target::End).on(last), None)
            .unwrap()
            .others
            .pop()
            .unwrap();
        assert!(matches!(why, Some(Rejection::NoHistory { .. })), "{why:?}");
        fs::rename(self.path("history"), &history).unwrap();
        println!(
            "postgres: 2 plans carried out from the backup of a server that was recovered before"
        );
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

/// A server that has begun, with an archive; none where PostgreSQL is not installed.
fn lab() -> Option<Lab> {
    let Some(bin) = programs() else {
        println!("skipped: postgres (not installed)");
        return None;
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
    Some(lab)
}

/// Its files would be those that the server goes on with: the backup would be gone with the first restore.
#[test]
fn a_base_backup_that_leads_out_of_itself_is_not_served_from() {
    let Some(lab) = lab() else { return };
    let (space, copied) = (lab.path("space"), lab.path("space-of-the-backup"));
    lab.run("mkdir", &[space.to_str().unwrap()]);
    lab.sql(&format!("create tablespace other location '{}'", space.display()));
    lab.sql("create table t (n int primary key) tablespace other");
    lab.row(1);
    let mapped = format!("{}={}", space.display(), copied.display());
    lab.backup("first", &["-T", &mapped]);
    lab.row(2);
    lab.archived();
    lab.stop(&lab.path("primary"));
    let files = || {
        let list = lab.run("find", &[copied.to_str().unwrap(), "-type", "f"]);
        let mut files: Vec<_> =
            list.lines().map(|path| (path.to_owned(), fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    let before = files();
    let (archive, backups) = lab.observe();
    let choice = choose(&backups, &archive, &Wish::new(Target::End), None).unwrap();
    let (server, source) = lab.server("restored");
    let refused = server.recover(&choice, &source, LIMIT);
    assert!(files() == before, "the backup was changed");
    assert!(matches!(&refused, Err(RecoverError::LeadsOut(_))), "{refused:?}");
    assert!(!server.data.exists());
}

#[test]
fn three_plans_end_where_they_should() {
    let Some(lab) = lab() else { return };
    let primary = lab.path("primary");
    lab.sql("create table t (n int primary key)");
    lab.row(1);
    lab.backup("first", &[]);
    let (second, _) = lab.row(2);
    lab.row(3);
    lab.backup("late", &[]);
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
    lab.again("1 2 3 4");
    lab.killed(&Wish::new(Target::Time(fourth)).on(one), "1 2 3 4");
    lab.refused(&Wish::new(Target::Time(fourth)).on(one));
}
