use impermanence_model::AbsolutePath;
use impermanence_model::escape::unit;
use serde_json::Value;

use crate::percent::{bytes, field, text};
use testing::baseline::{Verdict, compare};

/// `systemd-escape --path`, `--suffix=mount` and `--unescape`.
#[test]
fn escapes() {
    compare("escapes", |row| if row.get("path").is_some() { escaped(row) } else { unescaped(row) });
}

fn escaped(row: &Value) -> Verdict {
    let path = field(row, "path");
    if !path.starts_with(b"/") {
        return Verdict::LeftOut("relative paths are none here");
    }
    let path = AbsolutePath::new(&path).ok();
    let ours = path.as_ref().map(unit::path);
    if ours.as_ref().is_some_and(|name| unit::read_path(name).ok() != path) {
        return Verdict::Disagree(format!("not read back: {ours:?}"));
    }
    // The tool prints a name of any length; a unit has a shortened one, which fstab's recordings show.
    let named = path.as_ref().filter(|path| !unit::is_hashed(path)).map(unit::mount_name);
    let recorded = |name| bytes(&row[name]).map(|bytes| text(&bytes));
    let unit = recorded("unit").filter(|unit| unit.len() < 256);
    Verdict::of((ours, named), (recorded("escaped"), unit))
}

fn unescaped(row: &Value) -> Verdict {
    let name = field(row, "name");
    if name.windows(4).any(|four| four == br"\x00") {
        return Verdict::LeftOut("systemd ends at an escaped NUL; it is refused here");
    }
    let ours = String::from_utf8(name).ok().and_then(|name| unit::read_path(&name).ok());
    Verdict::of(
        ours.map(|path| text(path.as_bytes())),
        bytes(&row["path_of"]).map(|path| text(&path)),
    )
}
