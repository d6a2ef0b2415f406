//! With real restic: a folder is lost and brought back, killed at random moments on the way, and is whole in the end.
//!
//! `RESTIC_KILLS=N` kills N times instead of 50.
#![cfg(feature = "exec")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A file as it is compared: kind, mode, time, content.
type Tree = BTreeMap<PathBuf, (u32, i64, Vec<u8>)>;

fn tree(root: &Path) -> Tree {
    let mut tree = Tree::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let content = if metadata.is_symlink() {
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
            } else if metadata.is_dir() {
                waiting.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            let time = if metadata.is_symlink() { 0 } else { metadata.mtime() };
            tree.insert(
                path.strip_prefix(root).unwrap().to_owned(),
                (metadata.mode(), time, content),
            );
        }
    }
    tree
}

fn restic(repository: &Path, password: &Path, words: &[&str]) -> String {
    let mut command = Command::new("restic");
    command
        .arg("--no-cache")
        .arg("--repo")
        .arg(repository)
        .arg("--password-file")
        .arg(password)
        .args(words);
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "restic {words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A service's folder: many small files, some greater ones, folders, links.
fn fill(place: &Path, random: &mut Random) {
    for n in 0..400_u64 {
        let folder = place.join(format!("folder {}", n % 20));
        fs::create_dir_all(&folder).unwrap();
        let size = if n % 40 == 0 { 700_000 } else { random.below(5000) };
        let bytes: Vec<u8> = (0..size).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        fs::write(folder.join(format!("file-{n}.db")), bytes).unwrap();
    }
    symlink("folder 1/file-1.db", place.join("link")).unwrap();
    fs::create_dir(place.join("empty")).unwrap();
}

struct Lab {
    folder: tempfile::TempDir,
    snapshot: String,
}

impl Lab {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (place, password) = (folder.path().join("data"), folder.path().join("password"));
        fs::create_dir(&place).unwrap();
        fill(&place, &mut Random(7));
        fs::write(&password, "secret\n").unwrap();
        let repository = folder.path().join("repository");
        restic(&repository, &password, &["init"]);
        restic(
            &repository,
            &password,
            &["backup", "--host", "forge", "--tag", "example", place.to_str().unwrap()],
        );
        let snapshots = restic(&repository, &password, &["snapshots", "--json"]);
        let snapshots = restore_chain::candidates::restic::read(&snapshots).unwrap();
        Self { snapshot: snapshots[0].id.clone(), folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&self, program: &Path) -> Child {
        let words =
            [self.path("state"), self.path("data"), self.path("repository"), self.path("password")];
        let mut command = Command::new(program);
        command
            .args(words)
            .arg(&self.snapshot)
            .arg(self.path("data"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs it until it is not busy any more: what a killed run had started may still be at work.
    fn finish(&self, program: &Path) -> (i32, String) {
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let output = self.start(program).wait_with_output().unwrap();
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            match output.status.code() {
                Some(75) if Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                code => return (code.unwrap_or(-1), said),
            }
        }
    }
}

#[test]
fn killed_at_random_moments_it_is_whole_in_the_end() {
    if Command::new("restic").arg("version").output().is_err() {
        println!("skipped: restic (not installed)");
        return;
    }
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples/restore_folder");
    if !program.exists() {
        println!(
            "skipped: restic (the example restore_folder is not built: `cargo test --all-targets --features exec`)"
        );
        return;
    }
    let kills = std::env::var("RESTIC_KILLS").map_or(50, |kills| kills.parse().unwrap());
    let lab = Lab::new();
    let (place, original) = (lab.path("data"), tree(&lab.path("data")));
    // How long it takes undisturbed.
    fs::remove_dir_all(&place).unwrap();
    let started = Instant::now();
    let (code, said) = lab.finish(&program);
    assert_eq!(code, 0, "{said}");
    assert!(tree(&place) == original, "restored, and different");
    let whole = u64::try_from(started.elapsed().as_millis()).unwrap();
    let (mut random, mut killed, mut before, mut after) = (Random(42), 0, 0, 0);
    for n in 0..kills {
        fs::remove_dir_all(&place).unwrap();
        let mut child = lab.start(&program);
        std::thread::sleep(Duration::from_millis(random.below(whole * 11 / 10)));
        killed += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        // Whatever is in place is whole: nobody is ever shown a half.
        if place.exists() {
            assert!(tree(&place) == original, "kill {n}: half of it was in place");
            after += 1;
        } else {
            before += 1;
        }
        let (code, said) = lab.finish(&program);
        assert_eq!(code, 0, "kill {n}: {said}");
        assert!(tree(&place) == original, "kill {n}: restored, and different");
        let left: Vec<_> = fs::read_dir(lab.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert!(
            left.iter().all(|name| !name.to_string_lossy().contains("restore-")),
            "kill {n}: {left:?}"
        );
    }
    println!(
        "restic: {killed} of {kills} runs killed, {before} before the swap and {after} after it; all whole in the end"
    );
}
