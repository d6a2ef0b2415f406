//! Every file of the fuzz corpora, through what the fuzz targets do.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../fuzz/impermanence_model.rs"]
#[allow(unreachable_pub)] // public for the fuzz targets
mod bodies;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = format!("{}/../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
    println!("corpus {target}: {} files", files.len());
    assert!(!files.is_empty());
    for file in files {
        body(&std::fs::read(file).unwrap());
    }
}

#[test]
fn mountinfo() {
    replay("mountinfo", bodies::mountinfo);
}

#[test]
fn path_escapes() {
    replay("path_escapes", bodies::path_escapes);
}

#[test]
fn host_toml() {
    replay("host_toml", bodies::host_toml);
}

#[test]
fn host_json() {
    replay("host_json", bodies::host_json);
}

#[test]
fn modules_json() {
    replay("modules_json", bodies::modules_json);
}
