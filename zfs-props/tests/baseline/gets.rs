//! What is printed for a stored number or text.

use serde_json::Value;
use zfs_props::display::{Dataset, Place, Printed, place, shown};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::source::Source;

use testing::baseline::{Verdict, compare_with_meta};

#[test]
fn gets_2_1() {
    compare_with_meta("gets-2.1.11", row);
}

#[test]
fn gets_2_3() {
    compare_with_meta("gets-2.3.9", row);
}

#[test]
fn gets_2_4() {
    compare_with_meta("gets-2.4.4", row);
}

fn row(meta: &Value, row: &Value) -> Verdict {
    let release: Release = meta["openzfs"].as_str().unwrap().parse().unwrap();
    let answer = match PropertyName::parse(row["prop"].as_str().unwrap(), release).unwrap() {
        PropertyName::Native(property) => return native(property, row, release),
        PropertyName::Account(_) if row["ok"] == false => {
            return Verdict::LeftOut("who a name stands for is up to the recording machine");
        }
        PropertyName::Account(account) => {
            Printed::of_account(account.family, row["stored"].as_u64().unwrap())
        }
        PropertyName::Written(_) => Printed::of_written_since(row["stored"].as_u64().unwrap()),
        other => panic!("no display of {other}"),
    };
    let ours = [answer.pretty().to_string(), answer.literal().to_string()];
    Verdict::of(ours, [row["pretty"].as_str().unwrap(), row["literal"].as_str().unwrap()])
}

fn native(property: Property, row: &Value, release: Release) -> Verdict {
    let kind = DatasetKind::from_name(row["type"].as_str().unwrap()).unwrap();
    let name = if kind == DatasetKind::Snapshot { "tank/a/b@s" } else { "tank/a/b" };
    let mut dataset = Dataset::new(name, kind);

    let in_effect = match &row["stored"] {
        // These are not looked for in the property list, where the recording put them.
        _ if place(property) == Place::Elsewhere => beside_the_list(property, row, release),
        // These are taken from the list only if the dataset's counters have none.
        Value::Null
            if matches!(property, Property::Guid | Property::Createtxg)
                && row["source"] == "none" =>
        {
            beside_the_list(property, row, release)
        }
        Value::Null => None,
        stored => {
            let stored = match stored {
                Value::String(text) => Stored::Text(text.as_str()),
                Value::Object(path) => {
                    dataset.altroot = path["altroot"].as_str();
                    Stored::Text(path["value"].as_str().unwrap())
                }
                number => Stored::Number(number.as_u64().unwrap()),
            };
            let source = match row["setpoint"].as_str() {
                None => Source::None,
                Some("") => Source::Default,
                Some("$recvd") => Source::Received,
                Some(setpoint) if setpoint == name => Source::Local,
                Some(setpoint) => Source::Inherited(setpoint),
            };
            Some((stored, source))
        }
    };

    let ours = shown(&dataset, property, in_effect, release).map(|shown| {
        let (source, from) = match shown.source {
            Source::Inherited(from) => ("inherited".to_owned(), Some(from)),
            Source::None => ("none".to_owned(), None),
            other => (other.to_string(), None),
        };
        (shown.value.pretty().to_string(), shown.value.literal().to_string(), source, from)
    });
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    let recorded = (row["ok"] == true).then(|| {
        (text("pretty"), text("literal"), text("source"), row.get("from").and_then(Value::as_str))
    });
    Verdict::of(ours, recorded)
}

/// Records and counters that a row does not state: what it shows tells them.
fn beside_the_list(
    property: Property,
    row: &Value,
    release: Release,
) -> Option<(Stored<&'static str>, Source<&'static str>)> {
    let shown = row["literal"].as_str()?;
    let number = property.number_of(shown, release).or_else(|| shown.parse().ok())?;
    Some((Stored::Number(number), Source::None))
}
