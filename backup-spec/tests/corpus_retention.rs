//! Every file of the fuzz corpora, through what the fuzz targets do.
#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/backup_spec_retention.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = format!("{}/../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
    println!("corpus {target}: {} files", files.len());
    assert!(!files.is_empty());
    for file in files {
        let data = std::fs::read(file).unwrap();
        // Every beginning of a file too.
        (0..data.len()).for_each(|end| body(&data[..end]));
        body(&data);
    }
}

#[test]
fn sanoid_conf() {
    replay("sanoid_conf", bodies::sanoid_conf);
}

#[test]
fn exclude_patterns() {
    replay("exclude_patterns", bodies::exclude_patterns);
}

#[test]
fn exclude_file() {
    replay("exclude_file", bodies::exclude_file);
}

#[test]
fn restic_json() {
    replay("restic_json", bodies::restic_json);
}

#[test]
fn keep_args() {
    replay("keep_args", bodies::keep_args);
}
