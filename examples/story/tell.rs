//! The transcript: Markdown, a line at a time, as it happens.

use std::fmt::Display;
use std::time::Instant;

/// Who tells.
pub(crate) struct Tell {
    acts: Vec<(String, f64)>,
    act: Option<(String, Instant)>,
}

#[allow(clippy::unused_self, reason = "whoever tells does so, with or without a memory of it")]
impl Tell {
    pub(crate) fn new() -> Self {
        Self { acts: Vec::new(), act: None }
    }

    pub(crate) fn title(&self) {
        println!("# A month of forge, and five bad days\n");
        self.say(
            "forge is an application server with two disks; nas-1 keeps its replicas and backups. Both are declared: \
             [forge.toml](../examples/hosts/forge.toml), [nas-1.toml](../examples/hosts/nas-1.toml). Here forge is made as it \
             is declared, lives for a month, and is then damaged in five ways: properties drift, datasets are destroyed, a \
             pool is lost, a restore is killed half way, a replica goes its own way. Each time the crates find out, plan the \
             way back and take it; then every file is compared with what it was.",
        );
        self.say(
            "All of it happened on a real OpenZFS, in a virtual machine. `examples/story` plays it, and prints this page \
             meanwhile; a claim that does not hold is its end. What begins with `$` was typed by the story; all other commands \
             were planned by the crates, and run by them. The clock of the machine is set forward from act to act. \
             `examples/tests/story.rs` plays it again, and compares every line with this page; what differs from run to run \
             (guids, ids, bytes, seconds) stands here as it was in one of them.",
        );
    }

    /// Begins an act.
    pub(crate) fn act(&mut self, title: &str) {
        self.end();
        println!("## {title}\n");
        self.act = Some((title.to_owned(), Instant::now()));
    }

    /// A paragraph.
    pub(crate) fn say(&self, text: impl Display) {
        println!("{text}\n");
    }

    /// Lines as they were printed by a command or a crate.
    pub(crate) fn show(&self, text: impl Display) {
        println!("```text\n{}\n```\n", text.to_string().trim_end());
    }

    /// The first and last lines of many.
    pub(crate) fn show_some(&self, text: impl Display, first: usize, last: usize) {
        let text = text.to_string();
        let lines: Vec<&str> = text.lines().collect();
        let left_out = lines.len().saturating_sub(first + last);
        if left_out == 0 {
            return self.show(text);
        }
        let head = lines.iter().take(first).copied();
        let tail = lines.iter().skip(first + left_out).copied();
        let more = format!("... {left_out} more lines");
        let shown: Vec<&str> = head.chain([more.as_str()]).chain(tail).collect();
        self.show(shown.join("\n"));
    }

    fn end(&mut self) {
        if let Some((title, started)) = self.act.take() {
            self.acts.push((title, started.elapsed().as_secs_f64()));
        }
    }

    /// How long each act took.
    pub(crate) fn timings(&mut self) {
        self.end();
        println!("| act | took |\n|---|---|");
        for (title, seconds) in &self.acts {
            println!("| {title} | {seconds:.1} s |");
        }
        let all: f64 = self.acts.iter().map(|(_, seconds)| seconds).sum();
        println!("| all | {all:.1} s |");
    }
}
