//! Strategies of sanoid.conf, for your own property tests.

use proptest::prelude::*;

use super::config::Config;
use super::key::{Key, Kind};

fn value(key: Key) -> BoxedStrategy<String> {
    match (key, key.kind()) {
        (Key::Path, _) => Just("tank/b".to_owned()).boxed(),
        (Key::UseTemplate, _) => {
            prop::sample::select(&["p", "q", "p,q"][..]).prop_map_into().boxed()
        }
        (Key::Recursive, _) => {
            prop::sample::select(&["yes", "no", "zfs"][..]).prop_map_into().boxed()
        }
        (_, Kind::Text) => Just("/bin/true".to_owned()).boxed(),
        (_, Kind::Toggle) => prop::sample::select(&["yes", "no"][..]).prop_map_into().boxed(),
        (Key::YearlyMon | Key::MonthlyMday | Key::YearlyMday | Key::FrequentPeriod, _) => {
            (1..13_u32).prop_map(|number| number.to_string()).boxed()
        }
        (_, Kind::Number) => (0..24_u32).prop_map(|number| number.to_string()).boxed(),
        (_, Kind::Age) => "[0-9]{1,3}[smhdw]?".boxed(),
    }
}

/// A file that sanoid takes: up to six values in sections for `tank/a`, `tank/a/x` and two templates.
pub fn config() -> impl Strategy<Value = Config> {
    let sections = prop::sample::select(&["tank/a", "tank/a/x", "template_p", "template_q"][..]);
    let entry = (sections, prop::sample::select(Key::ALL))
        .prop_flat_map(|(section, key)| (Just(section), Just(key), value(key)));
    prop::collection::vec(entry, 1..16).prop_map(|entries| {
        let mut config = Config::default();
        for (section, key, value) in entries {
            // What the strategies make can be written.
            let _ = config.set(section, key, &value);
        }
        config
    })
}
