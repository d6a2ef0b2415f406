//! The Nix that four documents of a home show, as input: each attribute set that declares something, as the JSON that Nix emits
//! for it, is accepted and comes to what the document says of it, or gets the problem that it has.
//!
//! `snippets/DOCUMENT/HEADING.json` has the option names of the document, evaluated: functions are applied, references
//! followed. Where a document leaves a value open (a bucket, a file of secrets), there is an example of one. What a module
//! alone does not say, where backups go for instance, is in `snippets/checks/around.rs`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "snippets/checks/mod.rs"]
#[allow(
    unreachable_pub,
    clippy::needless_pass_by_value,
    reason = "each is called by its test, with what is its own"
)]
mod checks;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use checks::Verdict;
use serde_json::Value;

/// Attribute sets of the documents that are no declarations, and why.
const NOT_DECLARATIONS: [(&str, &str, &str); 10] = [
    ("quick-reference", "Module Structure", "a tree of files"),
    (
        "execution-plan",
        "1.1 Create Storage Datasets Module",
        "declares options, not values; and a script",
    ),
    ("execution-plan", "1.2 Import Module", "a list of files"),
    ("execution-plan", "4.1 Create Replication Module", "declares options, not values"),
    (
        "execution-plan",
        "5.1 Add to Storage Helpers",
        "a function; what it is applied to is under 5.2",
    ),
    (
        "execution-plan",
        "Rollback Strategy, Phase 2-3",
        "a line to type at a prompt, with a name left open",
    ),
    (
        "execution-plan",
        "Rollback Strategy, Phase 5",
        "takes an order away that another one declares",
    ),
    ("adr-004", "Implementation, options", "declares options, not values"),
    ("status-tracker", "all of it", "tasks; it has no Nix"),
    ("tmpfs-impermanence", "5. Installation Process", "commands"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets")
}

fn snippet(document: &str, heading: &str) -> Value {
    let name = |ident: &str| ident.trim_start_matches("r#").replace('_', "-");
    let file = folder().join(name(document)).join(format!("{}.json", name(heading)));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// A test for each snippet, and a list of all of them.
macro_rules! snippets {
    ($($document:ident { $($heading:ident: $verdict:ident $($why:literal)?,)* })*) => {
        $(mod $document {
            $(#[test]
            fn $heading() {
                let options = super::snippet(stringify!($document), stringify!($heading));
                let verdict = super::checks::$document::$heading(options);
                assert_eq!(verdict, super::Verdict::$verdict);
            })*
        })*

        /// Document, heading, and what is wrong with it, if so.
        const ALL: &[(&str, &str, &[&str])] =
            &[$($((stringify!($document), stringify!($heading), &[$($why)?]),)*)*];
    };
}

snippets! {
    quick_reference {
        per_service_zfs_properties: Accepted,
        host_config_forge: Accepted,
        service_module: Accepted,
    }
    execution_plan {
        automatic_dataset_creation: Accepted,
        host_level_pool_configuration_forge: Accepted,
        host_level_pool_configuration_others: Accepted,
        test_on_single_host: Accepted,
        update_service_module: Accepted,
        template_for_each_service: Accepted,
        configuration_example: Problem "snapshots of children are taken, and not sent (B12)",
        notification_templates: Problem "no priority is `medium`, and nobody declares the variables (B22)",
        service_integration_pattern: Problem "the first way back may use up the time of all (R16)",
        notification_integration: Problem "nobody declares the variables (B22)",
        create_pitr_module: Problem "the archive command lacks the server, and a file is never read (I4)",
        postgresql_integration: Problem "the archive command lacks the server, and base backups have an option that there is not",
        exclude_from_general_backups: Problem "a snapshot of the parent has nothing of the services (B11, B12)",
        forge: Problem "two pools are at /persist (D10)",
        luna_rydev: Accepted,
    }
    tmpfs_impermanence {
        current_disko_structure: Accepted,
        new_disko_structure: Problem "the store is mounted after what needs it",
        additional_nixos_configuration: Accepted,
        hosts_cassie_box_default: Problem "it switches on what keeps nothing (I4)",
        service_configuration_updates: Accepted,
    }
    adr_004 {
        context: Problem "a module keeps what its host has in a dataset (I2)",
        implementation_module: Problem "the identity of the machine is not among it (I3)",
        implementation_luna: Accepted,
        implementation_forge: Accepted,
        adding_new_service_persistence: Accepted,
    }
}

/// Every file has a test, and every test a file; what is left out has a reason.
#[test]
fn all_of_them_are_here() {
    let mut files = BTreeSet::new();
    for document in std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()) {
        for file in std::fs::read_dir(&document).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|extension| extension == "json") {
                let stem =
                    |path: &Path| path.file_stem().unwrap().to_str().unwrap().replace('-', "_");
                files.insert((stem(&document), stem(&file)));
            }
        }
    }
    let tests = ALL.iter().map(|(document, heading, _)| ((*document).into(), (*heading).into()));
    assert_eq!(files, tests.collect());
    let accepted = ALL.iter().filter(|(.., problem)| problem.is_empty()).count();
    println!(
        "snippets: {accepted} accepted, {} with the problem the notes name",
        ALL.len() - accepted
    );
    for (document, heading, problem) in ALL {
        problem.iter().for_each(|problem| println!("problem: {document}::{heading}: {problem}"));
    }
    for (document, heading, why) in NOT_DECLARATIONS {
        println!("no declaration: {document}, {heading}: {why}");
    }
}
