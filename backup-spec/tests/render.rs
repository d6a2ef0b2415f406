//! What is written is read back as the same thing, and a report says no more than it means.
#![cfg(all(feature = "proptest", feature = "serde", feature = "tz"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use backup_spec::Spec;
use backup_spec::coverage::{Coverage, Inventory};
use backup_spec::render::restic::Backup;
use backup_spec::render::service::read_timer;
use backup_spec::render::unit_file::{UnitFile, read_command};
use backup_spec::render::{Units, prometheus::Rules};
use backup_spec::spec::Checked;
use backup_spec::spec::strategy::{inventory, spec};
use backup_spec::syncoid;
use backup_spec::units::Task;
use proptest::prelude::*;

fn forge() -> Checked {
    let spec = Spec::from_node(&testing::hosts::backup("forge"));
    spec.unwrap_or_else(|problems| panic!("{problems}")).check().unwrap()
}

/// Everything that is rendered of a declaration leads back to it.
fn leads_back(spec: &Checked) {
    let json = serde_json::to_string(&**spec).unwrap();
    let again = Spec::from_json(&json).unwrap_or_else(|problems| panic!("{problems}\n{json}"));
    assert_eq!(again, **spec);

    let units = Units::of(spec, &BTreeMap::new()).unwrap();
    let tasks = spec.tasks();
    assert_eq!(units.files.len(), 2 * tasks.len());
    for task in tasks {
        let file = |name: String| {
            let unit = &units.files[&name];
            assert_eq!(UnitFile::parse(&unit.to_string()).as_ref(), Ok(unit));
            assert_eq!(Task::from_unit(&name), Ok(task.clone()));
            unit.clone()
        };
        let (service, timer) = (file(task.service()), file(task.timer()));
        assert_eq!(read_timer(&timer).unwrap(), spec.schedule(&task).unwrap().timer);
        let words = read_command(service.get("Service", "ExecStart").next().unwrap()).unwrap().0;
        match &task {
            Task::Backup(name) => {
                let scan = spec.scan(name).unwrap();
                let run = Backup::from_args(&words).unwrap();
                assert_eq!(run, Backup::new(&spec.host, &spec.jobs[name], &scan));
            }
            Task::Replicate(name) => {
                let job = syncoid::Replication::from_argv(&words).unwrap();
                assert_eq!(job, spec.replication[name].job);
            }
            Task::Forget(name) => {
                let policy =
                    backup_spec::retention::restic::Forget::from_args(&words[3..]).unwrap();
                let forget = spec.repositories[name].forget.as_ref().unwrap();
                assert_eq!(policy, forget.policy(&spec.host));
            }
            _ => {}
        }
    }
    if let Some(sanoid) = &spec.sanoid {
        let config = sanoid.config().unwrap();
        assert_eq!(config.to_string().parse(), Ok(config));
    }
}

#[test]
fn forge_leads_back_to_its_declaration() {
    leads_back(&forge());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_rendered_leads_back_to_its_declaration(spec in spec()) {
        leads_back(&spec);
    }

    /// The same declaration and inventory, the same bytes.
    #[test]
    fn what_is_rendered_depends_on_nothing_else(spec in spec(), inventory in inventory()) {
        let all = |spec: &Checked| {
            let coverage = Coverage::of(spec, &inventory);
            let rules = Rules::of(spec).to_string();
            (coverage.to_string(), coverage.report(spec).to_string(), rules)
        };
        let again = spec.clone().into_spec().check().unwrap();
        prop_assert_eq!(all(&spec), all(&again));
    }
}

/// A table has as many cells in every row, whatever is in them, and nothing in it is markup.
#[test]
fn a_report_is_a_table_whatever_is_in_it() {
    let text = "host = \"forge\"\n[repositories.nas]\nurl = \"/mnt/nas\"\npasswordFile = \"/p\"\n\
        [jobs.a]\nrepository = \"nas\"\npaths = [\"/srv/a|b\"]\nexcludes = [\"*_<b>|`\"]\nschedule = \"daily UTC\"\nrunTime = \"1h\"\n\
        [classes.standard]\n[protection.\"/srv/a|b\"]\nclass = \"standard\"\nconsistency = \"none\"\n";
    let spec =
        Spec::from_toml(text).unwrap_or_else(|problems| panic!("{problems}")).check().unwrap();
    let mut inventory = Inventory::default();
    inventory.add_mount("/".parse().unwrap(), "disk");
    inventory.add_file("/srv/a|b/x".parse().unwrap(), 7);
    let report = Coverage::of(&spec, &inventory).report(&spec).to_string();
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let tables: Vec<&str> = report.split("\n\n").filter(|part| part.starts_with('|')).collect();
    assert_eq!(tables.len(), 2, "{report}");
    for table in tables {
        let width = cells(table.lines().next().unwrap());
        assert!(table.lines().all(|line| cells(line) == width), "{table}");
    }
    assert!(report.contains("1 files, 7 bytes; without \\*\\_\\<b\\>\\|\\`"), "{report}");
}

/// The schema knows every key that a declaration is written with, and no declaration lacks what it requires.
#[cfg(feature = "schemars")]
#[test]
fn the_schema_fits_what_is_written() {
    use serde_json::Value;

    fn fits(schema: &Value, value: &Value, path: &str) {
        if let Some(words) = schema.get("enum").and_then(Value::as_array) {
            assert!(words.contains(value), "{path}: {value}");
        }
        match value {
            Value::Object(map) => {
                let known = schema.get("properties").and_then(Value::as_object);
                let others = schema.get("additionalProperties");
                for (key, value) in map {
                    let inner = known.and_then(|known| known.get(key)).or(others);
                    match inner {
                        Some(Value::Bool(false)) | None => {
                            panic!("{path}.{key} is not in the schema")
                        }
                        Some(inner) => fits(inner, value, &format!("{path}.{key}")),
                    }
                }
                for key in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                    assert!(map.contains_key(key.as_str().unwrap()), "{path}: no {key}");
                }
            }
            Value::Array(list) => {
                let item = schema.get("items").or_else(|| schema["anyOf"][1].get("items"));
                if let Some(item) = item {
                    for value in list {
                        fits(item, value, path);
                    }
                }
            }
            _ => {}
        }
    }
    let schema = serde_json::to_value(schemars::schema_for!(Spec)).unwrap();
    fits(&schema, &serde_json::to_value(&*forge()).unwrap(), "");
}
