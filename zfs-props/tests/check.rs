//! Checking lists of properties: what holds whatever they are.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use proptest::sample::select;
use zfs_props::check::{
    Accepted, CheckFault, Context, DatasetFacts, ErrorClass, Key, KindFacts, Lint, PoolContext,
    PoolFacts, Setting, VolumeFacts, inherit, place,
};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::number;
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::reservation::{Vdev, recommended_block_size, reservation};
use zfs_props::set::PropertySet;
use zfs_props::strategy::{almost_valid_set, number_text, property_set, value_of};
use zfs_props::value::Value;

fn created() -> impl Strategy<Value = (DatasetKind, Release)> {
    let kinds = select(vec![DatasetKind::Filesystem, DatasetKind::Volume]);
    (kinds, select(Release::ALL))
}

fn creation() -> impl Strategy<Value = (PropertySet, Context)> {
    created().prop_flat_map(|(kind, release)| {
        let context = Context::create(kind).release(release);
        (property_set(kind, release), Just(context))
    })
}

fn volume() -> DatasetFacts {
    DatasetFacts::volume(VolumeFacts { size: 1 << 30, block_size: 8192, refreservation: 0 })
}

/// Every operation, on every kind of dataset.
fn contexts() -> impl Strategy<Value = Context> {
    let zoned = DatasetFacts { zoned: true, encrypted: true, ..DatasetFacts::filesystem() };
    let contexts = vec![
        Context::create(DatasetKind::Filesystem),
        Context::create(DatasetKind::Volume).key(Key::Bytes(vec![b'k'; 32])),
        Context::create_in(zoned, DatasetKind::Filesystem),
        Context::create_root(),
        Context::set(DatasetFacts::filesystem()),
        Context::set(volume()),
        Context::set(DatasetFacts::snapshot()),
        Context::set(zoned),
        Context::change_key(DatasetFacts::filesystem()),
    ];
    (select(contexts), select(Release::ALL)).prop_map(|(context, release)| context.release(release))
}

/// What would be sent, without the warnings, which are about how it was written.
fn sent(accepted: &Accepted) -> (Vec<(PropertyName, Setting)>, bool) {
    let sent = accepted.iter().map(|(name, setting)| (name.clone(), setting.clone()));
    (sent.collect(), accepted.has_new_key())
}

proptest! {
    #[test]
    fn every_spelling_is_the_number((number, text) in any::<u64>().prop_flat_map(|number| {
        let number = number >> (number % 64);
        (Just(number), number_text(number))
    })) {
        prop_assert_eq!(number::parse(&text), Ok(number), "{}", text);
    }

    #[test]
    fn valid_values_are_values((property, release, text) in
        (select(Property::ALL), select(Release::ALL))
            .prop_filter("what can be set", |(property, release)| {
                property.exists_in(*release) && !property.is_readonly()
                    && *property != Property::Mlslabel
            })
            .prop_flat_map(|(property, release)| {
                (Just(property), Just(release), value_of(property, release))
            })
    ) {
        let value = Value::parse(property, &text, release);
        prop_assert!(value.is_ok(), "{}={:?}: {:?}", property, text, value);
    }

    #[test]
    fn valid_lists_are_accepted((set, context) in creation()) {
        let accepted = set.check_all(&context);
        prop_assert!(accepted.is_ok(), "{:?}: {:?}", set, accepted);
    }

    #[test]
    fn the_normal_form_is_its_own((set, context) in creation()) {
        let accepted = set.check(&context).unwrap();
        let again = accepted.to_set().check(&context).unwrap();
        prop_assert_eq!(sent(&again), sent(&accepted));
    }

    #[test]
    fn order_is_of_no_account((set, shuffled, context) in creation().prop_flat_map(
        |(set, context)| {
            let arguments = Just(set.to_arguments()).prop_shuffle();
            (Just(set), arguments, Just(context))
        }
    )) {
        // But for `zpool create -O` up to 2.3, below, and for two names of one property.
        let shuffled = PropertySet::from_arguments(shuffled.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(
            sent(&set.check(&context).unwrap()),
            sent(&shuffled.check(&context).unwrap())
        );
    }

    #[test]
    fn the_first_of_all_errors_is_the_error(
        (set, context) in created().prop_flat_map(|(kind, release)| {
            (almost_valid_set(kind, release), Just(Context::create(kind).release(release)))
        }),
    ) {
        match (set.check(&context), set.check_all(&context)) {
            (Ok(one), Ok(all)) => prop_assert_eq!(one, all),
            (Err(error), Err(errors)) => prop_assert_eq!(&error, &errors[0]),
            (one, all) => prop_assert!(false, "{:?}, {:?}", one, all),
        }
        // A list that is refused as such is not accepted as a creation.
        prop_assert!(set.check_list(&context).is_ok() || set.check(&context).is_err());
    }

    #[test]
    fn nothing_panics(
        pairs in prop::collection::vec((".{0,12}", ".{0,12}"), 0..5),
        known in almost_valid_set(DatasetKind::Filesystem, Release::LATEST),
        context in contexts(),
    ) {
        let mut set = known;
        for (name, value) in &pairs {
            set.set(name, Stored::Text(value));
            let dataset = DatasetFacts::filesystem();
            let _ = inherit(name, true, &dataset, Release::V2_1);
            let _ = place(name, |_| Some(&dataset));
        }
        for error in set.check_all(&context).err().into_iter().flatten() {
            prop_assert!(!error.to_string().is_empty());
        }
        let _ = set.check_pool_all(&PoolContext::create("tank"));
        let _ = set.check_pool_all(&PoolContext::set("tank"));
        let _ = set.for_volume(u64::MAX, false, &context);
    }

    #[test]
    fn more_is_reserved_for_more(
        size in 0..1_u64 << 50,
        more in 0..1_u64 << 50,
        power in 9..=24_u32,
        copies in 1..=3_u64,
        disks in 2..20_u64,
        release in select(&[Release::V2_3, Release::V2_4]),
    ) {
        let raidz = Vdev::Raidz { disks, parity: 1, ashift: 12 };
        let draid = Vdev::Draid { data: disks, parity: 2, ashift: 12 };
        for vdevs in [vec![], vec![raidz], vec![draid], vec![raidz, draid]] {
            let reserved = |size, copies| reservation(size, 1 << power, copies, &vdevs, release);
            prop_assert!(reserved(size, copies) <= reserved(size + more, copies));
            prop_assert!(reserved(size, 1) <= reserved(size, copies));
            // Larger blocks than the typical waste less than those, and count less than their size.
            let whole = size - size % (1 << power);
            prop_assert!(power > 17 || reserved(size, copies) >= whole);
        }
    }

    #[test]
    fn no_vdev_is_too_strange(
        size in any::<u64>(),
        block_size in any::<u64>(),
        disks in any::<u64>(),
        parity in any::<u64>(),
        ashift in prop_oneof![0..70_u32, any::<u32>()],
        release in select(Release::ALL),
    ) {
        let raidz = Vdev::Raidz { disks, parity, ashift };
        let draid = Vdev::Draid { data: disks, parity, ashift };
        let vdevs = [raidz, draid, Vdev::Plain { ashift }];
        let _ = reservation(size, block_size, parity, &vdevs, release);
        prop_assert!(recommended_block_size(&vdevs, release).is_power_of_two());
    }

    #[test]
    fn what_the_volume_command_passes_on_is_accepted(
        size in 1..1_u64 << 45,
        sparse in any::<bool>(),
        release in select(Release::ALL),
        power in prop::option::of(9..=17_u32),
    ) {
        let context = Context::create(DatasetKind::Volume).release(release);
        let mut set = PropertySet::new();
        if let Some(power) = power {
            set.set("volblocksize", Stored::Number(1 << power));
        }
        let passed = set.for_volume(size, sparse, &context).unwrap();
        let accepted = passed.check(&context).unwrap();
        prop_assert!(accepted.get(Property::Volsize).unwrap().number() >= Some(size));
    }
}

fn fails(pairs: &[(&str, &str)], context: &Context) -> CheckFault {
    let set = PropertySet::from_pairs(pairs.iter().copied()).unwrap();
    set.check(context).unwrap_err().fault().clone()
}

#[test]
fn small_blocks_of_a_new_pool_are_measured_by_what_was_said_before() {
    // `zpool create -O`: libzfs knows no pool yet, and takes the record size for the greatest block.
    let pool = PoolFacts { has_special_vdev: true, ..PoolFacts::of(Release::V2_3) };
    let context = Context::create_root().release(Release::V2_3).pool(pool);
    let (records, small) = (("recordsize", "1M"), ("special_small_blocks", "256K"));
    let set = |pairs: [(&'static str, &'static str); 2]| PropertySet::from_pairs(pairs).unwrap();
    assert!(set([records, small]).check(&context).is_ok());
    let refused = CheckFault::BlockSize { greatest: 128 << 10 };
    assert_eq!(fails(&[small, records], &context), refused);
    assert_eq!(fails(&[records, small], &context.clone().release(Release::V2_1)), refused);
    assert!(set([small, records]).check(&context.release(Release::V2_4)).is_ok());
}

#[test]
fn all_errors_are_found_but_not_made_up() {
    let context = Context::create(DatasetKind::Volume);
    let pairs = [("volsize", "8Q"), ("recordsize", "8K"), ("keyformat", "raw"), ("atime", "on")];
    let errors = PropertySet::from_pairs(pairs).unwrap().check_all(&context).unwrap_err();
    let found: Vec<_> = errors.iter().map(|error| (error.property(), error.class())).collect();
    assert_eq!(
        found,
        [
            ("volsize", ErrorClass::BadProperty), // and not also: no size
            ("recordsize", ErrorClass::WrongKind),
            ("atime", ErrorClass::WrongKind),
            ("keyformat", ErrorClass::Encryption),
        ]
    );
}

/// OpenZFS 2.3.9: "cannot set property for 'tank/vol': invalid property value", and `zfs create -V` ends in an abort.
#[test]
fn a_limit_of_an_account_on_a_volume_is_told() {
    let volume = VolumeFacts { size: 1 << 30, block_size: 16 << 10, refreservation: 0 };
    for context in
        [Context::set(DatasetFacts::volume(volume)), Context::create(DatasetKind::Volume)]
    {
        for name in ["userquota@0", "groupquota@5", "userobjquota@5", "projectquota@7"] {
            let props = PropertySet::from_pairs([(name, "1G"), ("volsize", "1G")]).unwrap();
            let accepted = props.check(&context).unwrap();
            let told = |lint: &Lint| lint.code() == "account-on-volume";
            assert!(accepted.lints().iter().any(told), "{name}");
        }
    }
    let props = PropertySet::from_pairs([("userquota@0", "1G")]).unwrap();
    assert_eq!(props.check(&Context::set(DatasetFacts::filesystem())).unwrap().lints(), []);
}

#[test]
fn warnings_are_for_what_libzfs_accepts() {
    let mut pool = PoolFacts::of(Release::V2_1);
    pool.features.clear();
    let context = Context::set(DatasetFacts::filesystem()).release(Release::V2_1).pool(pool);
    let expected = [
        ("userquota@4294967296", "1G", "account-wraps"),
        ("userquota@alice", "1G", "account-name"),
        ("mountpoint", "/a/../b", "mountpoint-untidy"),
        ("org.example:note", "blank ", "blanks-around"),
        ("compression", "zstd-3", "needs-feature"),
        ("projectquota@1", "1G", "needs-feature"),
        ("special_small_blocks", "32K", "no-special-vdev"),
        ("recordsize", "2M", "large-blocks"),
    ];
    for (name, value, code) in expected {
        let accepted = PropertySet::from_pairs([(name, value)]).unwrap().check(&context).unwrap();
        let lints: Vec<_> = accepted.lints().iter().map(Lint::code).collect();
        assert!(lints.contains(&code), "{name}={value}: {lints:?}");
    }
    let mut old = DatasetFacts::filesystem();
    old.kind = KindFacts::Filesystem { version: 3 };
    let set = PropertySet::from_pairs([("userquota@0", "1G"), ("sharesmb", "on")]).unwrap();
    let accepted = set.check(&Context::set(old)).unwrap();
    let lints: Vec<_> = accepted.lints().iter().map(ToString::to_string).collect();
    assert_eq!(lints, ["userquota@0: needs filesystem version 4; this is 3"]);

    let quiet =
        [("quota", "1G"), ("mountpoint", "/a/b"), ("org.example:note", ""), ("userquota@0", "1")];
    let accepted = PropertySet::from_pairs(quiet).unwrap().check(&context).unwrap();
    assert_eq!(accepted.lints(), []);
}

#[test]
fn warnings_about_creations() {
    let long = "x".repeat(8192);
    let pairs = [
        ("volsize", "1G"),
        ("refreservation", "auto"),
        ("encryption", "on"),
        ("keyformat", "raw"),
        ("copies", "3"),
        ("compress", "on"),
        ("compression", "lz4"),
        ("org.example:long", &long),
    ];
    let set = PropertySet::from_pairs(pairs).unwrap();
    let accepted = set.check(&Context::create(DatasetKind::Volume)).unwrap();
    let lints: Vec<_> = accepted.lints().iter().map(Lint::code).collect();
    assert_eq!(lints, ["given-twice", "encrypted-copies", "auto-at-creation", "text-too-long"]);
    assert_eq!(accepted.get(Property::Compression).unwrap().spelling(), "lz4");
}

#[test]
fn the_zone_is_asked_for_before_the_options_of_a_share() {
    // But after the length of the text, and the form of a mount point.
    let zoned = DatasetFacts { zoned: true, ..DatasetFacts::filesystem() };
    let context = Context::set(zoned);
    assert_eq!(fails(&[("sharenfs", "no such option")], &context), CheckFault::Zoned);
    let long = "x".repeat(8192);
    assert!(matches!(fails(&[("sharenfs", &long)], &context), CheckFault::Value(_)));
    assert!(matches!(fails(&[("mountpoint", "relative")], &context), CheckFault::Value(_)));
}

#[test]
fn change_key_takes_what_is_of_the_key() {
    let encrypted = DatasetFacts { encrypted: true, ..DatasetFacts::filesystem() };
    let context = Context::change_key(encrypted);
    let pairs = [("keyformat", "passphrase"), ("pbkdf2iters", "1000000")];
    assert!(PropertySet::from_pairs(pairs).unwrap().check(&context).is_ok());
    let errors = PropertySet::from_pairs([("keyformat", "rot13"), ("quota", "1G")]).unwrap();
    let errors = errors.check_all(&context).unwrap_err();
    let found: Vec<_> = errors.iter().map(|error| (error.property(), error.class())).collect();
    let expected = [("quota", ErrorClass::Encryption), ("keyformat", ErrorClass::BadProperty)];
    assert_eq!(found, expected);
}

#[cfg(feature = "serde")]
#[test]
fn sets_are_maps_in_json() {
    let json = r#"{"recordsize":"16K","quota":1024,"org.example:a":""}"#;
    let set: PropertySet = serde_json::from_str(json).unwrap();
    assert_eq!(set.to_arguments(), ["recordsize=16K", "quota=1024", "org.example:a="]);
    assert_eq!(serde_json::to_string(&set).unwrap(), json.replace("1024", "\"1024\""));
    for refused in [r#"{"atime":"on","atime":"off"}"#, r#"{"atime":true}"#, r#"{"quota":-1}"#] {
        assert!(serde_json::from_str::<PropertySet>(refused).is_err(), "{refused}");
    }
}
