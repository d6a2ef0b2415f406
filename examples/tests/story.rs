//! The full story on a real OpenZFS, and that `docs/story.md` tells it as it is.
//!
//! The machine is run by `tools/zfs-vm`, or by the program that the environment variable `ZFS_VM` names. In it,
//! `examples/story` plays everything, checks every claim that it makes, and prints the transcript. Line by line, that has to
//! be what `docs/story.md` says; only what differs from run to run is left out of the comparison:
//!
//! * numbers of twelve digits and more (guids), and words of eight hexadecimal digits and more (ids of restic, guids in names)
//! * minutes and what is smaller, in lengths of time: `2 min 12 s`, `3.4 s`; days and hours are compared
//! * the seconds in points of time, and their fractions
//! * bytes: `123456 bytes`, `4.5 MiB`, `bytes = 0x...`
//!
//! `STORY=1` plays it, and keeps what was printed; `STORY=FILE` compares what was printed before and kept. `STORY_RECORD=1`
//! plays it, and writes `docs/story.md` instead.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TRANSCRIPT: &str = include_str!("../../docs/story.md");

/// The programs are in the search path of the machine; what is printed goes both to the host and into the folder.
const SCRIPT: &str = "#!/bin/bash\n\
    export PATH=/tmp/bin:$PATH LC_ALL=C\n\
    mkdir -p /tmp/bin\n\
    cp /mnt/share/story /mnt/share/restic /tmp/bin/\n\
    cd /tmp\n\
    story tell >/mnt/share/transcript\n";

/// Where a program of the host is, if it is there.
fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Why it was not played.
type Skipped = String;

/// Plays the story: what was printed.
fn played() -> Result<String, Skipped> {
    let machine = testing::vm::program().ok_or("no virtual machine: tools/zfs-vm build")?;
    let restic = found("restic").ok_or("no restic")?;
    let test = std::env::current_exe().unwrap();
    let story = test.parent().unwrap().parent().unwrap().join("examples/story");
    if !story.exists() {
        return Err("examples/story is not built: cargo test -p examples".into());
    }
    let folder = tempfile::tempdir().unwrap();
    fs::copy(story, folder.path().join("story")).unwrap();
    fs::copy(restic, folder.path().join("restic")).unwrap();
    let script = folder.path().join("script");
    fs::write(&script, SCRIPT).unwrap();
    let mut run = Command::new(machine);
    run.args(["run", "--timeout", "3600", "--share"]).arg(folder.path()).arg(&script);
    let output = run.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = fs::read_to_string(folder.path().join("transcript")).unwrap_or_default();
    // The machine was too slow, or broke down: that says nothing about what ran in it.
    if let Some(124 | 125) = output.status.code() {
        return Err(format!("the virtual machine did not get to the end: {said}"));
    }
    assert!(output.status.success(), "{printed}\n{said}");
    Ok(printed)
}

#[test]
fn the_transcript_is_what_happens() {
    let (asked, record) = (std::env::var("STORY"), std::env::var_os("STORY_RECORD").is_some());
    let before = asked.as_ref().ok().filter(|file| *file != "1");
    let printed = match before {
        Some(file) => Ok(fs::read_to_string(file).unwrap()),
        None if record || asked.is_ok() => played(),
        None => Err("it takes a quarter of an hour in a machine without KVM: STORY=1".to_owned()),
    };
    let printed = match printed {
        Ok(printed) => printed,
        Err(why) => return println!("skipped: the story ({why})"),
    };
    if record {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/story.md");
        return fs::write(file, &printed).unwrap();
    }
    if before.is_none() {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("story.md");
        fs::write(&kept, &printed).unwrap();
        println!("the story: kept as {}", kept.display());
    }
    let differences = differences(TRANSCRIPT, &printed);
    println!(
        "the story: {} lines compared, {} disagree",
        TRANSCRIPT.lines().count(),
        differences.len()
    );
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    for line in printed.lines().filter(|line| line.starts_with("| ")) {
        println!("{line}");
    }
}

/// Lines that differ in more than may differ; the first ten.
fn differences(told: &str, printed: &str) -> Vec<String> {
    let (told, printed): (Vec<&str>, Vec<&str>) =
        (told.lines().collect(), printed.lines().collect());
    let mut differences = Vec::new();
    for n in 0..told.len().max(printed.len()) {
        let (told, printed) = (told.get(n).copied(), printed.get(n).copied());
        if told.map(settled) != printed.map(settled) {
            differences.push(format!("line {}: told {told:?}, printed {printed:?}", n + 1));
        }
    }
    differences.truncate(10);
    differences
}

/// A line without what differs from run to run.
fn settled(line: &str) -> String {
    // How long something took is a number and a unit, perhaps twice, at the end of what was restored.
    let line = match line.rsplit_once(", in ") {
        Some((before, after)) if after.ends_with(" s") || after.ends_with(" min") => {
            format!("{before}, in #")
        }
        _ => line.to_owned(),
    };
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let mut settled = Vec::with_capacity(words.len());
    let mut measured = false;
    for (n, word) in words.iter().enumerate() {
        let unit =
            words.get(n + 1).map_or("", |unit| unit.trim_end_matches(['.', ',', ':', ';', ')']));
        let is_measured =
            matches!(unit, "min" | "s" | "ms" | "bytes" | "B" | "KiB" | "MiB" | "GiB");
        let digits = |word: &str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
        if is_measured && digits(word) {
            measured = true;
        } else if std::mem::take(&mut measured) {
            // Its unit, with what stands behind it: where minutes are 0, they are not there at all.
            settled.push(unit_end(word).to_owned());
        } else if word.starts_with("0x") {
            settled.push("#".to_owned());
        } else {
            settled.push(pieces(word));
        }
    }
    settled.concat()
}

/// What stands behind a unit.
fn unit_end(word: &str) -> &str {
    word.trim_start_matches(|c: char| c.is_ascii_alphabetic())
}

/// A word without guids, ids, and the seconds of points of time.
fn pieces(word: &str) -> String {
    let mut text = String::new();
    for piece in word.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let (name, end) = match piece.char_indices().last() {
            Some((at, last)) if !last.is_ascii_alphanumeric() => piece.split_at(at),
            _ => (piece, ""),
        };
        let decimal = name.len() >= 12 && name.bytes().all(|b| b.is_ascii_digit());
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let is_id = name.len() >= 8 && name.bytes().all(hex);
        text += if decimal || is_id { "#" } else { name };
        text += end;
    }
    // 2026-11-21T04:20:10.033636519Z
    match text.split_once('T') {
        Some((date, time))
            if date.ends_with(|c: char| c.is_ascii_digit()) && time.matches(':').count() == 2 =>
        {
            let (minutes, seconds) = time.rsplit_once(':').unwrap();
            let after =
                seconds.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '#');
            format!("{date}T{minutes}:#{after}")
        }
        _ => text,
    }
}

#[test]
fn only_what_differs_from_run_to_run_is_left_out() {
    let same = [
        (
            "as of 2026-11-21T04:20:10.033636519Z, in 19 s",
            "as of 2026-11-21T04:20:12Z, in 1 min 2 s",
        ),
        ("restic nas-primary 02028a2b as of", "restic nas-primary fffffff1 as of"),
        ("| Afterwards | 12.5 s |", "| Afterwards | 9.1 s |"),
        ("received 59998864 bytes.", "received 1 bytes."),
        ("toguid = 0x1234", "toguid = 0xabcd"),
        ("loses the last 27 min 40 s", "loses the last 28 min"),
        ("loses the last 10 h 2 min", "loses the last 10 h"),
        (
            "replicas need a full send: loses 29 min 57 s more",
            "replicas need a full send: loses 30 min 2 s more",
        ),
    ];
    for (a, b) in same {
        assert_eq!(settled(a), settled(b));
    }
    let other = [
        ("as of 2026-11-21T04:20:10Z", "as of 2026-11-21T04:21:10Z"),
        ("132 steps, 0 are blocked", "131 steps, 0 are blocked"),
        ("tank/services/sonarr@a", "tank/services/sonarr@b"),
        ("loses the last 10 h 2 min", "loses the last 11 h 2 min"),
        ("668 hold", "667 hold"),
    ];
    for (a, b) in other {
        assert_ne!(settled(a), settled(b));
    }
}
