//! How do I test a tool of mine against hosts that nobody thought of?
//!
//! ```text
//! cargo run --example test_your_tool
//! ```
//!
//! The tool under test decides whether a file survives a reboot by comparing the beginning of its path. Hosts and files come from
//! the public strategies; the judge is a machine in memory that is really booted twice. What is found is made as small as it
//! gets. Then the same test of a tool that asks the library.

use std::collections::BTreeMap;
use std::process::ExitCode;

use examples::Failure;
use impermanence_model::owner::{Mode, Owner};
use impermanence_model::sim::{Content, Machine};
use impermanence_model::strategy::{layouts, writes};
use impermanence_model::{AbsolutePath, Fate, Layout};
use proptest::strategy::{Just, Strategy};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// The tool under test: does the file survive?
type Tool = fn(&Layout, &AbsolutePath) -> bool;

fn by_prefix(layout: &Layout, path: &AbsolutePath) -> bool {
    let entries = layout.entries().iter().map(|entry| &entry.path);
    let mut kept = entries.chain(layout.mounts().map(|mount| &mount.target));
    kept.any(|kept| path.as_bytes().starts_with(kept.as_bytes()))
}

fn by_fate(layout: &Layout, path: &AbsolutePath) -> bool {
    layout.fate_of(path.as_bytes()).survives()
}

/// The files that are there after a reboot.
fn survivors(
    layout: &Layout,
    files: &BTreeMap<AbsolutePath, Vec<u8>>,
) -> Result<BTreeMap<AbsolutePath, bool>, Failure> {
    let mut machine = Machine::default();
    machine.boot(layout)?;
    let mut written = Vec::new();
    for (path, content) in files.iter().filter(|(_, content)| !content.is_empty()) {
        // Below a file, where nothing can be.
        if matches!(layout.fate_of(path.as_bytes()), Fate::Unknown(_)) {
            continue;
        }
        if machine.write_as(path, content, &Owner::root(), Mode::FILE).is_ok() {
            written.push(path);
        }
    }
    machine.shut_down(layout)?;
    machine.boot(layout)?;
    // By bytes: not every path is text.
    let still = |path: &AbsolutePath| match machine.stat(path).map(|node| &node.kind) {
        Some(Content::File(there)) => Some(there) == files.get(path),
        // Into the store, where the content is.
        Some(Content::Link(_)) => true,
        _ => false,
    };
    Ok(written.into_iter().map(|path| (path.clone(), still(path))).collect())
}

fn test(name: &str, tool: Tool) {
    let config = Config {
        cases: 200,
        failure_persistence: None,
        max_shrink_iters: 5000,
        ..Config::default()
    };
    let mut runner =
        TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default()));
    let hosts = layouts().prop_flat_map(|(_, layout)| {
        let files = writes(&layout);
        (Just(layout), files)
    });
    let result = runner.run(&hosts, |(layout, files)| {
        let survivors =
            survivors(&layout, &files).map_err(|error| TestCaseError::reject(error.to_string()))?;
        match survivors.into_iter().find(|(path, survives)| tool(&layout, path) != *survives) {
            None => Ok(()),
            Some((path, true)) => Err(TestCaseError::fail(format!(
                "{path} survives, and the tool says that it is lost"
            ))),
            Some((path, false)) => Err(TestCaseError::fail(format!(
                "{path} is lost, and the tool says that it survives"
            ))),
        }
    });
    match result {
        Ok(()) => println!("{name}: right about 200 hosts"),
        Err(TestError::Fail(why, (layout, _))) => {
            println!(
                "{name}: {why}\n  on a host with / as {}, with these mounts and entries:",
                layout.root()
            );
            for mount in layout.mounts() {
                println!("    {}", mount.target);
            }
            for entry in layout.entries() {
                println!("    {} ({})", entry.path, entry.via);
            }
        }
        Err(abort) => println!("{name}: {abort}"),
    }
}

fn main() -> ExitCode {
    test("by prefix", by_prefix);
    test("by fate", by_fate);
    ExitCode::SUCCESS
}
