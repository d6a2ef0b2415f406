//! What the services write: the same bytes in every run, and everything that a copy can get wrong.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};

use examples::Failure;
use jiff::Timestamp;
use rustix::fs::XattrFlags;

use crate::machine::{run, words};

/// Bytes that nothing compresses, the same for the same name.
fn noise(name: &str, length: usize) -> Vec<u8> {
    // FNV-1a for the name, then xorshift64*.
    let mut state = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    let mut block = Vec::with_capacity(length.min(BLOCK) + 8);
    while block.len() < length.min(BLOCK) {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        block.extend_from_slice(&state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes());
    }
    block.truncate(length.min(BLOCK));
    // No two blocks are equal, and no record is large enough to hold two of them.
    let mut bytes = Vec::with_capacity(length);
    for number in 0_u64.. {
        let left = length - bytes.len();
        if left == 0 {
            break;
        }
        let at = bytes.len();
        bytes.extend_from_slice(block.get(..left.min(BLOCK)).unwrap_or_default());
        for (byte, mark) in bytes.iter_mut().skip(at).zip(number.to_le_bytes()) {
            *byte ^= mark;
        }
    }
    bytes
}

const BLOCK: usize = 256 << 10;

struct Tree<'t> {
    top: &'t Path,
    owner: (u32, u32),
}

impl Tree<'_> {
    fn place(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.top.join(name);
        let mut folder = self.top.to_owned();
        for part in Path::new(name).parent().into_iter().flat_map(Path::components) {
            folder.push(part);
            if !folder.exists() {
                fs::create_dir(&folder)?;
                chown(&folder, Some(self.owner.0), Some(self.owner.1))?;
            }
        }
        Ok(path)
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<PathBuf, Failure> {
        let path = self.place(name)?;
        fs::write(&path, bytes)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        chown(&path, Some(self.owner.0), Some(self.owner.1))?;
        Ok(path)
    }

    fn noise(&self, name: &str, length: usize) -> Result<PathBuf, Failure> {
        self.write(name, &noise(name, length), 0o640)
    }

    fn attribute(path: &Path, name: &str, value: &str) -> Result<(), Failure> {
        Ok(rustix::fs::setxattr(path, name, value.as_bytes(), XattrFlags::empty())?)
    }

    /// So many pages of 4 KiB of a file, each rewritten in place.
    fn rewrite(&self, name: &str, pages: &[u64], seed: &str) -> Result<(), Failure> {
        let mut file = fs::OpenOptions::new().write(true).open(self.top.join(name))?;
        for page in pages {
            file.seek(SeekFrom::Start(page * 4096))?;
            file.write_all(&noise(&format!("{seed} {page}"), 4096))?;
        }
        file.sync_all()?;
        Ok(())
    }
}

fn tree(top: &Path) -> Result<Tree<'_>, Failure> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(top)?;
    Ok(Tree { top, owner: (metadata.uid(), metadata.gid()) })
}

/// What a service has when it was just installed.
pub(crate) fn begin(service: &str, top: &Path) -> Result<(), Failure> {
    let tree = tree(top)?;
    match service {
        "sonarr" => {
            tree.noise("sonarr.db", 2 << 20)?;
            tree.write("config.xml", b"<Config><Port>8989</Port></Config>\n", 0o600)?;
            for number in 0..12 {
                tree.noise(&format!("MediaCover/{number}/poster.jpg"), 20_000 + number * 777)?;
            }
            // The newest backup has two names.
            let backup = tree.noise("Backups/scheduled/2026-10-18.zip", 300_000)?;
            fs::hard_link(&backup, tree.place("Backups/latest.zip")?)?;
            symlink("Backups/latest.zip", top.join("latest"))?;
            lchown(top.join("latest"), Some(tree.owner.0), Some(tree.owner.1))?;
        }
        "home-assistant" => {
            tree.noise("home-assistant_v2.db", 3 << 20)?;
            tree.write("secrets.yaml", b"mqtt_password: not this one\n", 0o400)?;
            let entities =
                tree.write(".storage/core.entity_registry", &noise("entities", 70_000), 0o600)?;
            Tree::attribute(&entities, "user.origin", "core")?;
            tree.write("www/Küche und Flur.txt", "Wärme, Licht\n".as_bytes(), 0o644)?;
            // Written by another user, into this one's folder.
            let foreign = tree.write("zigbee/database.json", &noise("zigbee", 40_000), 0o660)?;
            chown(&foreign, Some(4711), Some(4712))?;
            run(&words("mkfifo -m 620").arg(top.join("events").display()))?;
            fs::create_dir(tree.place("custom_components")?)?;
        }
        "pocketid" => {
            tree.noise("pocket-id.db", 1 << 20)?;
            let key = tree.write("keys/jwt_private_key.json", &noise("key", 1_700), 0o400)?;
            Tree::attribute(&key, "user.rotated", "2026-10-01")?;
            // A journal that was laid out in full, and hardly written to.
            let path = tree.write("journal", b"begin", 0o600)?;
            let mut file = fs::OpenOptions::new().write(true).open(&path)?;
            file.set_len(6 << 20)?;
            file.seek(SeekFrom::Start(4 << 20))?;
            file.write_all(&noise("journal", 10_000))?;
            fs::hard_link(&path, top.join("journal.old"))?;
            // What no backup is to hold.
            tree.write("uploads/half.tmp", b"half of it", 0o600)?;
            fs::set_permissions(top.join("keys"), fs::Permissions::from_mode(0o2750))?;
        }
        _ => {
            tree.noise("Library/library.db", 1 << 20)?;
            for number in 0..24 {
                tree.noise(&format!("Metadata/{number:02}.bundle"), 512 << 10)?;
            }
        }
    }
    Ok(())
}

/// What a service writes on a day.
pub(crate) fn day(service: &str, top: &Path, day: u64) -> Result<(), Failure> {
    let tree = tree(top)?;
    let (database, pages) = match service {
        "sonarr" => ("sonarr.db", 512),
        "home-assistant" => ("home-assistant_v2.db", 768),
        "pocketid" => ("pocket-id.db", 256),
        _ => ("Library/library.db", 256),
    };
    let written: Vec<u64> = (0..6).map(|n| (day * 131 + n * 71) % pages).collect();
    tree.rewrite(database, &written, &format!("{service} {day}"))?;
    tree.write(
        &format!("logs/{service}.{}.txt", day % 7),
        format!("day {day}\n").repeat(300).as_bytes(),
        0o644,
    )?;
    Ok(())
}

/// A file that no copy has.
pub(crate) fn too_late(top: &Path, now: Timestamp) -> Result<(), Failure> {
    let tree = tree(top)?;
    tree.write("written-too-late", format!("at {now}\n").as_bytes(), 0o600)?;
    Ok(())
}
