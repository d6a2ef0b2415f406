//! Numbers: what their texts mean, and how they are printed.

use zfs_props::{nice, number};

use testing::baseline::{Verdict, compare};

#[test]
fn numbers() {
    compare("numbers", |row| {
        let ours = number::parse(row["text"].as_str().unwrap());
        match (row["ok"].as_bool().unwrap(), ours) {
            (true, Ok(number)) if row["value"].as_u64() == Some(number) => Verdict::Agree,
            (false, Err(_)) => Verdict::Agree,
            (_, ours) => Verdict::Disagree(format!("ours {ours:?}")),
        }
    });
}

#[test]
fn printed() {
    compare("nicenum", |row| {
        let number = row["value"].as_u64().unwrap();
        let forms = [
            ("nicenum", nice::nicenum(number)),
            ("nicebytes", nice::nicebytes(number)),
            ("nicetime", nice::nicetime(number)),
            ("niceraw", nice::niceraw(number)),
        ];
        for (form, ours) in forms {
            if row[form] != ours.to_string() {
                return Verdict::Disagree(format!("{form}: ours {ours}"));
            }
        }
        // The way back finds the number among those printed so.
        for form in ["nicenum", "nicebytes"] {
            let shown = row[form].as_str().unwrap();
            if !nice::interval(shown).is_some_and(|numbers| numbers.contains(number)) {
                return Verdict::Disagree(format!(
                    "{form}: read back as {:?}",
                    nice::interval(shown)
                ));
            }
        }
        Verdict::Agree
    });
}
