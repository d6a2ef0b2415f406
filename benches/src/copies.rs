//! Snapshots, and what is left out of them.

use backup_spec::Snapshot;
use jiff::Timestamp;

/// Numbers that look random, and are the same each time.
fn random(mut state: u64) -> impl Iterator<Item = u64> {
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

/// `count` snapshots of one job over twenty years, in no order; one in a thousand has a tag.
pub fn shuffled_snapshots(count: usize) -> Vec<Snapshot> {
    let second = |number: u64| 1_150_000_000 + i64::try_from(number % 640_000_000).unwrap_or(0);
    let snapshot = |(nr, number): (usize, u64)| Snapshot {
        host: "forge".to_owned(),
        paths: vec!["/persist".to_owned()],
        tags: if nr % 1000 == 0 { vec!["keepme".to_owned()] } else { Vec::new() },
        ..Snapshot::new(
            format!("{nr:012x}"),
            Timestamp::from_second(second(number)).unwrap_or_default(),
        )
    };
    random(88_172_645_463_325_252).take(count).enumerate().map(snapshot).collect()
}

/// `count` paths of files, six components deep.
pub fn paths(count: usize) -> Vec<String> {
    let path = |(nr, number): (usize, u64)| {
        let names = ["library", "cache", "db", "config", "logs", "media", "metadata"];
        let name = |shift: u64| {
            let place = usize::try_from((number >> shift) % 7).unwrap_or(0);
            names.get(place).copied().unwrap_or_default()
        };
        let ending = ["db", "log", "tmp", "jpg", "json"];
        let ending = ending.get(nr % 5).copied().unwrap_or_default();
        format!(
            "/persist/service{}/{}/{}/{}/file{nr}.{ending}",
            nr % 50,
            name(0),
            name(8),
            name(16)
        )
    };
    random(1_234_567_890_123).take(count).enumerate().map(path).collect()
}

/// `count` patterns of every kind that people write.
pub fn patterns(count: usize) -> Vec<String> {
    let pattern = |nr: usize| match nr % 5 {
        0 => format!("/persist/service{nr}/cache"),
        1 => format!("*.tmp{nr}"),
        2 => format!("**/metadata/{nr}"),
        3 => format!("/persist/*/logs/old{nr}/**"),
        _ => format!("Cache{nr}"),
    };
    (0..count).map(pattern).collect()
}
