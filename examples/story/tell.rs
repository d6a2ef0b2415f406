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
            "Played on a real OpenZFS, in a virtual machine, by `examples/story`, and recorded. Commands that begin with \
             `$` were typed by the story; all others were planned by the crates and run by them. The clock of the machine \
             is set forward from act to act. `examples/tests/story.rs` plays it again, and compares every line; what differs \
             from run to run (guids, ids, sizes, seconds) stands here as it was in one of them.",
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
