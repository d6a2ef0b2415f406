//! The whole system on a real OpenZFS: declared, filled, copied; then damaged in five ways, each of which is found,
//! planned, repaired and compared byte for byte.
//!
//! ```text
//! story tell               plays all of it, as root, in a machine that is thrown away (examples/tests/story.rs), and
//!                          prints what happened as Markdown
//! story restore SERVICE    the restore of one service: what `tell` starts, kills, and goes on with
//! story throttle RATE      passes its input on, at most so many bytes a second: the line to the backup machine
//! ```
//!
//! Everything that is printed is checked here; what is not as it should be ends the story with an error.

mod acts {
    pub(crate) mod backup;
    pub(crate) mod declare;
    pub(crate) mod diverged;
    pub(crate) mod drift;
    pub(crate) mod end;
    pub(crate) mod killed;
    pub(crate) mod lost_dataset;
    pub(crate) mod lost_pool;
    pub(crate) mod month;
}
mod files;
mod forge;
mod line;
mod machine;
mod manifest;
mod replicate;
mod restore;
mod snapshots;
mod tell;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use examples::Failure;

use crate::forge::{Forge, SERVICES};
use crate::manifest::Manifest;
use crate::tell::Tell;

const USAGE: &str = "usage: story tell | restore SERVICE | throttle BYTES_PER_SECOND";

/// What all acts share.
struct Story {
    forge: Forge,
    tell: Tell,
    /// What each service's files are when nobody writes, by the service's name.
    files: BTreeMap<&'static str, Manifest>,
}

impl Story {
    /// Looks at the files of all services, and remembers them.
    fn remember_files(&mut self) -> Result<(), Failure> {
        for name in SERVICES {
            self.files.insert(name, Manifest::of(&self.forge.place(name)?)?);
        }
        Ok(())
    }

    /// Whether a service's files are those, to the byte and in everything that is known of a file; what they are.
    fn compare(&self, name: &str) -> Result<Manifest, Failure> {
        let files = self.files.get(name).ok_or("a service with files")?;
        let found = Manifest::of(&self.forge.place(name)?)?;
        let difference = files.difference(&found);
        claim(difference.is_none(), format!("{name}: {}", difference.unwrap_or_default()))?;
        Ok(found)
    }

    /// The same, and tells of it.
    fn compare_and_tell(&self, name: &str) -> Result<(), Failure> {
        let found = self.compare(name)?;
        self.tell.say(format!("{name}, compared with what was there: {found}; no difference."));
        Ok(())
    }
}

/// How many claims were made.
static CLAIMS: AtomicUsize = AtomicUsize::new(0);

/// What is claimed has to be so.
fn claim(holds: bool, what: impl std::fmt::Display) -> Result<(), Failure> {
    CLAIMS.fetch_add(1, Ordering::Relaxed);
    if holds { Ok(()) } else { Err(format!("not so: {what}").into()) }
}

fn tell() -> Result<(), Failure> {
    let mut story = Story { forge: Forge::read()?, tell: Tell::new(), files: BTreeMap::new() };
    story.tell.title();
    acts::declare::play(&mut story)?;
    acts::month::play(&mut story)?;
    acts::backup::play(&mut story)?;
    acts::drift::play(&mut story)?;
    acts::lost_dataset::play(&mut story)?;
    acts::lost_pool::play(&mut story)?;
    acts::killed::play(&mut story)?;
    acts::diverged::play(&mut story)?;
    acts::end::play(&mut story)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["tell"] => tell(),
        ["restore", service] => restore::alone(service),
        ["throttle", rate] => line::throttle(rate),
        _ => Err(USAGE.into()),
    };
    examples::exit(result)
}
