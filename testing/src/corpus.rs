//! The corpora of the fuzz targets, replayed.

/// Hands every file of a target's corpus to what the target does with it.
pub fn replay(target: &str, body: fn(&[u8])) {
    let folder = crate::of_package("../fuzz/corpus").join(target);
    let entries =
        std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    println!("corpus {target}: {} files", files.len());
    assert!(!files.is_empty(), "{}: nothing to replay", folder.display());
    for file in files {
        body(&std::fs::read(file).unwrap());
    }
}
