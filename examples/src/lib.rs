//! What the examples share: a host's files, and how a program that shows plans talks to a person.

pub mod backup;
pub mod lost_pool;
pub mod protection;

use std::error::Error;
use std::fs;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use dataset_plan::{Observed, Spec};

/// A message for the person who ran the program.
pub type Failure = Box<dyn Error>;

/// The files of a host: what it declares, what was observed of it, and who owns its directories.
#[derive(Clone, Debug)]
pub struct Host {
    spec: File,
    observed: File,
    directories: Option<File>,
}

#[derive(Clone, Debug)]
struct File {
    name: String,
    content: Vec<u8>,
}

impl File {
    fn read(name: &str) -> Result<Self, Failure> {
        let content = fs::read(name).map_err(|error| format!("{name}: {error}"))?;
        Ok(Self { name: name.to_owned(), content })
    }

    fn text(&self) -> Result<&str, Failure> {
        let text = std::str::from_utf8(&self.content);
        text.map_err(|error| format!("{}: not UTF-8: {error}", self.name).into())
    }

    /// JSON begins with a brace; neither TOML nor `zfs get` does.
    fn is_json(&self) -> bool {
        self.content.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
    }

    /// Names the file in an error about it.
    fn name<T, E: std::fmt::Display>(&self, result: Result<T, E>) -> Result<T, Failure> {
        result.map_err(|error| {
            let lines: Vec<_> =
                error.to_string().lines().map(|line| format!("{}: {line}", self.name)).collect();
            lines.join("\n").into()
        })
    }
}

impl Host {
    /// The application server that comes with the examples.
    pub fn forge() -> Self {
        let file = |name: &str, content: &[u8]| File { name: name.into(), content: content.into() };
        Self {
            spec: file("forge.toml", include_bytes!("../hosts/forge.toml")),
            observed: file("forge.get", include_bytes!("../hosts/forge.get")),
            directories: Some(file("forge.stat", include_bytes!("../hosts/forge.stat"))),
        }
    }

    /// The small machine that comes with the examples.
    pub fn luna() -> Self {
        let file = |name: &str, content: &[u8]| File { name: name.into(), content: content.into() };
        Self {
            spec: file("luna.toml", include_bytes!("../hosts/luna.toml")),
            observed: file("luna.get", include_bytes!("../hosts/luna.get")),
            directories: None,
        }
    }

    /// Another host, from its declaration (TOML or JSON) and its observation (`zfs get -Hp -o
    /// name,property,value,received,source all`, or `zfs get -jp all`), perhaps with what `stat -c
    /// '%U:%u %G:%g %a %n'` prints of its mounted directories.
    pub fn read(spec: &str, observed: &str, stat: Option<&str>) -> Result<Self, Failure> {
        let directories = stat.map(File::read).transpose()?;
        Ok(Self { spec: File::read(spec)?, observed: File::read(observed)?, directories })
    }

    /// What the host declares; an error lists every problem with its line.
    pub fn spec(&self) -> Result<Spec, Failure> {
        let text = self.spec.text()?;
        let spec = if self.spec.is_json() { Spec::from_json(text) } else { Spec::from_toml(text) };
        self.spec.name(spec)
    }

    /// What was observed.
    pub fn observed(&self) -> Result<Observed, Failure> {
        let content = &self.observed.content;
        let observed = if self.observed.is_json() {
            Observed::from_zfs_get_json(content)
        } else {
            Observed::from_zfs_get(content)
        };
        let observed = self.observed.name(observed)?;
        match &self.directories {
            None => Ok(observed),
            Some(file) => file.name(observed.with_directories(file.text()?)),
        }
    }
}

/// How a program ends: well if it went well, or if whoever reads has seen enough; else with the message.
pub fn exit(result: Result<(), Failure>) -> ExitCode {
    let Err(failure) = result else { return ExitCode::SUCCESS };
    if failure
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    {
        return ExitCode::SUCCESS;
    }
    eprintln!("{failure}");
    ExitCode::FAILURE
}

/// Whether to print in colour: to a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
pub fn color() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !refused
}
