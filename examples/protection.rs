//! The table nobody has: what happens to everything a host has on a reboot, and when a dataset, a pool, the site or a file is
//! lost. Through which copy it comes back, what that loses at worst, and what must not be missing.
//!
//! ```text
//! cargo run --example protection                      forge, as a table
//! cargo run --example protection -- luna              the other host that comes with the examples
//!                                   --json            for programs
//!                                   --markdown        for a page of documentation
//!                                   --html FILE       a page of its own, to look at in a browser
//! ```
//!
//! Rows marked ✗ are not protected as their class asks for.

use std::io::{self, Write};
use std::process::ExitCode;

use examples::Failure;
use examples::protection::summary::Summary;
use examples::protection::{System, html, markdown, table, text};

const USAGE: &str = "usage: protection [forge | luna] [--json | --markdown | --html FILE]";

enum Form {
    Text,
    Json,
    Markdown,
    Html(String),
}

fn run() -> Result<(), Failure> {
    let (mut host, mut form) = ("forge".to_owned(), Form::Text);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "forge" | "luna" => host = word,
            "--json" => form = Form::Json,
            "--markdown" => form = Form::Markdown,
            "--html" => form = Form::Html(words.next().ok_or(USAGE)?),
            _ => return Err(USAGE.into()),
        }
    }
    let system = if host == "luna" { System::luna()? } else { System::forge()? };
    let rows = table(&system)?;
    let mut out = io::stdout().lock();
    match form {
        Form::Text => write!(out, "{}", text::table(&system.name, &rows))?,
        Form::Markdown => write!(out, "{}", markdown::table(&system.name, &rows))?,
        Form::Json => {
            let all = serde_json::json!({ "host": system.name, "summary": Summary::of(&rows), "rows": rows });
            writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
        Form::Html(file) => {
            std::fs::write(&file, html::page(&system.name, &rows))
                .map_err(|error| format!("{file}: {error}"))?;
            writeln!(out, "written: {file}")?;
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    examples::exit(run())
}
