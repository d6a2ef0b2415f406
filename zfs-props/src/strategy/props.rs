//! Values of properties, and lists of them.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as list_of;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::kind::DatasetKind;
use crate::property::{Property, Stored, ValueType};
use crate::release::Release;
use crate::reservation::default_block_size;
use crate::set::PropertySet;

/// A way of writing the number, that is read as exactly this number: digits, or fewer of them with a
/// suffix in either case, or a fraction where that loses nothing.
pub fn number_text(number: u64) -> impl Strategy<Value = String> {
    let mut texts = vec![number.to_string(), format!("0{number}"), format!("{number}B")];
    for (unit, shift) in "KMGTPE".chars().zip((10..).step_by(10)) {
        let (whole, rest) = (number >> shift, number & ((1 << shift) - 1));
        if rest == 0 {
            let lower = unit.to_ascii_lowercase();
            let forms = [format!("{whole}{unit}"), format!("{whole}{lower}ib")];
            texts.extend(forms.into_iter().chain([format!("{whole}{unit}B")]));
        } else if rest == 1 << (shift - 1) && number < 1 << 53 {
            texts.push(format!("{whole}.5{unit}"));
        }
    }
    select(texts)
}

/// A text that a property takes in `release`, whatever the pool, the dataset and other properties are,
/// in one of its spellings. Of properties that nobody can set it is what could be stored.
pub fn value_of(property: Property, release: Release) -> BoxedStrategy<String> {
    match property.value_type() {
        ValueType::Word => {
            let words: Vec<_> = property.words(release).map(|word| word.text().into()).collect();
            select(words).boxed()
        }
        ValueType::Number => number_of(property, release),
        ValueType::Text => text_of(property),
    }
}

fn number_of(property: Property, release: Release) -> BoxedStrategy<String> {
    let range = property.range(release);
    let takes_zero = range.is_none_or(|range| range.contains(0))
        && !matches!(property, Property::Quota | Property::Refquota);
    let (least, greatest) = range.map_or((1, u64::MAX), |range| (range.least, range.greatest));
    let numbers = if range.is_some_and(|range| range.power_of_two) {
        let powers = least.max(1).ilog2()..=greatest.ilog2();
        powers.prop_map(|power| 1_u64 << power).boxed()
    } else {
        let round = (0..=greatest.ilog2()).prop_map(|power| 3_u64 << power >> 1);
        let round = round.prop_map(move |number| number.clamp(least, greatest));
        prop_oneof![least..=greatest, round, Just(least), Just(greatest)].boxed()
    };
    let texts = numbers.prop_flat_map(number_text);
    let has_none = takes_zero || matches!(property, Property::Quota | Property::Refquota);
    match (has_none, takes_zero) {
        (true, true) => {
            prop_oneof![8 => texts, 1 => Just("none".into()), 1 => Just("0".into())].boxed()
        }
        (true, false) => prop_oneof![8 => texts, 1 => Just("none".into())].boxed(),
        _ => texts.boxed(),
    }
}

fn text_of(property: Property) -> BoxedStrategy<String> {
    let words = |words: &[&str]| select(words.iter().map(ToString::to_string).collect::<Vec<_>>());
    let path = "(/[a-z. é]{0,5}){1,4}";
    match property {
        Property::Mountpoint => prop_oneof![words(&["none", "legacy", "/"]), path].boxed(),
        Property::Sharesmb => words(&["on", "off"]).boxed(),
        Property::Sharenfs => {
            let option =
                words(&["rw", "ro=10.0.0.0/8", "rw=host:*.lan", "no_root_squash", "fsid=0"]);
            let options = list_of(option, 1..4).prop_map(|options| options.join(","));
            prop_oneof![words(&["on", "off"]), options].boxed()
        }
        Property::Keylocation => prop_oneof![
            words(&["none", "prompt", "https://a/b"]),
            path.prop_map(|p| format!("file://{p}k"))
        ]
        .boxed(),
        _ => "[ -~é]{0,12}".boxed(),
    }
}

/// A list of properties with which a dataset of that kind can be created, below one that is not
/// encrypted in a pool of the release. In no particular order, each property at most once.
pub fn property_set(kind: DatasetKind, release: Release) -> impl Strategy<Value = PropertySet> {
    let together = (names_form(kind), encryption(release), volume(kind, release));
    (single(kind, release), together, user())
        .prop_map(|(single, (form, encryption, volume), user)| {
            [single, form, encryption, volume, user].concat()
        })
        .prop_shuffle()
        .prop_map(|pairs| {
            let mut set = PropertySet::new();
            for (name, value) in pairs {
                set.set(&name, Stored::Text(&value));
            }
            set
        })
}

/// A list that is one change away from such a one: a value from elsewhere, a property of another kind
/// or none at all, a property missing.
pub fn almost_valid_set(kind: DatasetKind, release: Release) -> impl Strategy<Value = PropertySet> {
    let name = prop_oneof![
        select(Property::ALL).prop_map(|property| property.name().to_string()),
        "[a-zA-Z:@#=]{0,6}",
    ];
    let value = prop_oneof![
        select(Property::ALL).prop_flat_map(move |property| value_of(property, release)),
        "[0-9a-zA-Z.,:/ ]{0,6}",
    ];
    (property_set(kind, release), name, value, any::<Index>(), 0..3_u8).prop_map(
        |(mut set, name, value, at, change)| {
            let given: Vec<String> = set.iter().map(|(name, _)| name.into()).collect();
            let chosen = (!given.is_empty()).then(|| at.get(&given));
            match (change, chosen) {
                (0, Some(chosen)) => set.set(chosen, Stored::Text(&value)),
                (1, Some(chosen)) => {
                    let others = set.to_arguments().into_iter();
                    let others = others.filter(|pair| !pair.starts_with(&format!("{chosen}=")));
                    let pairs: Vec<String> = others.collect();
                    set = PropertySet::from_arguments(pairs.iter().map(String::as_str))
                        .unwrap_or_default();
                }
                _ => set.set(&name, Stored::Text(&value)),
            }
            set
        },
    )
}

type Pairs = Vec<(String, String)>;

/// Properties that ask nothing of each other.
fn single(kind: DatasetKind, release: Release) -> BoxedStrategy<Pairs> {
    let dependent = [
        Property::Mlslabel, // cannot be set
        Property::Utf8only,
        Property::Normalization,
        Property::Encryption,
        Property::Keyformat,
        Property::Keylocation,
        Property::Pbkdf2iters,
        Property::Pbkdf2salt,
        Property::Volsize,
        Property::Volblocksize,
    ];
    let settable: Vec<Property> = Property::in_release(release)
        .filter(|property| property.applies_to(kind, release))
        .filter(|property| !property.is_readonly() || property.is_settable_once())
        .filter(|property| !dependent.contains(property))
        .collect();
    subsequence(settable, 0..8)
        .prop_flat_map(move |properties| {
            let pairs: Vec<_> = properties
                .into_iter()
                .map(|property| {
                    let header = property.column().to_ascii_lowercase();
                    let name = select(vec![property.name().to_string(), header]);
                    (name, value_of(property, release))
                })
                .collect();
            pairs
        })
        .boxed()
}

fn pairs(pairs: &[(Property, &str)]) -> Pairs {
    pairs.iter().map(|(property, value)| (property.name().into(), (*value).into())).collect()
}

/// How file names are compared.
fn names_form(kind: DatasetKind) -> BoxedStrategy<Pairs> {
    if kind != DatasetKind::Filesystem {
        return Just(Pairs::new()).boxed();
    }
    let (form, utf8) = (Property::Normalization, Property::Utf8only);
    select(vec![
        Pairs::new(),
        pairs(&[(utf8, "on")]),
        pairs(&[(utf8, "off")]),
        pairs(&[(form, "formD")]),
        pairs(&[(form, "formC"), (utf8, "on")]),
        pairs(&[(form, "none"), (utf8, "off")]),
    ])
    .boxed()
}

/// A key of its own, or no encryption.
fn encryption(release: Release) -> BoxedStrategy<Pairs> {
    let suite = prop_oneof![Just("on"), Just("aes-128-ccm"), Just("aes-256-gcm")];
    let location = option::of(prop_oneof![Just("prompt"), Just("file:///etc/key")]);
    let format = prop_oneof![Just("raw"), Just("hex"), Just("passphrase")];
    let iterations = option::of(value_of(Property::Pbkdf2iters, release));
    let encrypted =
        (suite, format, location, iterations).prop_map(|(suite, format, location, iterations)| {
            let mut given = vec![(Property::Encryption, suite), (Property::Keyformat, format)];
            given.extend(location.map(|location| (Property::Keylocation, location)));
            let rounds = iterations.filter(|_| format == "passphrase");
            given.extend(rounds.as_deref().map(|rounds| (Property::Pbkdf2iters, rounds)));
            pairs(&given)
        });
    let off = select(vec![Pairs::new(), pairs(&[(Property::Encryption, "off")])]);
    prop_oneof![3 => off, 1 => encrypted].boxed()
}

/// A whole number of blocks.
fn volume(kind: DatasetKind, release: Release) -> BoxedStrategy<Pairs> {
    if kind != DatasetKind::Volume {
        return Just(Pairs::new()).boxed();
    }
    let block_size = option::of((9..=24_u32).prop_map(|power| 1_u64 << power));
    (block_size, 1..100_000_u64)
        .prop_flat_map(move |(given, blocks)| {
            let size = blocks * given.unwrap_or_else(|| default_block_size(release));
            let given = given.map(|size| number_text(size).prop_map(Some).boxed());
            (number_text(size), given.unwrap_or_else(|| Just(None).boxed()))
        })
        .prop_map(|(size, block_size)| {
            let mut given = vec![(Property::Volsize, &*size)];
            given.extend(block_size.as_deref().map(|size| (Property::Volblocksize, size)));
            pairs(&given)
        })
        .boxed()
}

/// Properties of one's own, and limits of accounts.
fn user() -> BoxedStrategy<Pairs> {
    let name: Box<[_]> =
        ["org.example:a", "com.sun:auto-snapshot", ":", "userquota@7", "groupobjquota@0"]
            .map(String::from)
            .into();
    subsequence(name.into_vec(), 0..3)
        .prop_flat_map(|names| {
            let values: Vec<_> = names
                .into_iter()
                .map(|name| {
                    let value: BoxedStrategy<String> = if name.contains('@') {
                        any::<u64>().prop_flat_map(number_text).boxed()
                    } else {
                        "[ -~é]{0,12}".boxed()
                    };
                    (Just(name), value)
                })
                .collect();
            values
        })
        .boxed()
}
