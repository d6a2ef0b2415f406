//! A job as an argument list, and back.

use zfs_props::name::DatasetName;

use super::option::{Form, NO_ELEVATION, OPTIONS, find};
use super::{EndpointError, Preserve, ReceiveOptions, Replication, SyncSnapshots};

/// An argument list that is no job of syncoid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgvError {
    /// The first word is not the program.
    #[error("the first word is not `syncoid`")]
    Program,
    /// A word that begins with a dash and is no option of the table.
    #[error("`{0}` is no option of syncoid that a job can have")]
    Option(String),
    /// An option without the value it takes, or with one that it does not take.
    #[error("`{0}`: a value is missing, or none is taken")]
    Arity(String),
    /// A value that cannot be.
    #[error("`{0}` does not take `{1}`")]
    Value(String, String),
    /// An option that does nothing as the others stand; what was meant by it cannot be known.
    #[error("`{option}` has no effect {} `{other}`", if *.beside { "beside" } else { "without" })]
    NoEffect {
        /// The option.
        option: &'static str,
        /// The one that decides.
        other: &'static str,
        /// Whether it is there.
        beside: bool,
    },
    /// Not two places.
    #[error("there have to be a source and a target, there are {0} places")]
    Places(usize),
    /// A place that cannot be.
    #[error(transparent)]
    Place(#[from] EndpointError),
}

/// Options that do nothing beside another, or without one (syncoid 2.3).
const IDLE: [(&str, &str, bool); 3] = [
    ("--create-bookmark", "--no-sync-snap", false),
    ("--keep-sync-snap", "--no-sync-snap", true),
    ("--preserve-recordsize", "--preserve-properties", true),
];

/// Around an excluded dataset: it and what is below it, and nothing else. Of what names may contain, only the dot means
/// something to Perl.
const BEGIN: &str = "^";
const END: &str = "(?:/|$)";

fn pattern(dataset: &DatasetName) -> String {
    format!("{BEGIN}{}{END}", dataset.as_str().replace('.', r"\."))
}

fn excluded(pattern: &str) -> Option<DatasetName> {
    let name = pattern.strip_prefix(BEGIN)?.strip_suffix(END)?.replace(r"\.", ".");
    name.parse().ok().filter(|name| self::pattern(name) == pattern)
}

impl ReceiveOptions {
    fn text(&self) -> String {
        let letter = |letter: char| move |value: &String| format!("{letter} {value}");
        let unmounted = self.unmounted.then(|| "u".to_owned());
        let all = unmounted
            .into_iter()
            .chain(self.set.iter().map(letter('o')))
            .chain(self.without.iter().map(letter('x')));
        all.collect::<Vec<_>>().join(" ")
    }

    fn read(text: &str) -> Option<Self> {
        let mut options = Self::default();
        let mut words = text.split(' ');
        while let Some(word) = words.next() {
            // The last letter of a word may take the next word.
            for (at, letter) in word.char_indices() {
                let last = at + letter.len_utf8() == word.len();
                match letter {
                    'u' => options.unmounted = true,
                    'o' if last => options.set.push(words.next()?.to_owned()),
                    'x' if last => options.without.push(words.next()?.to_owned()),
                    _ => return None,
                }
            }
        }
        Some(options)
    }
}

impl Replication {
    /// The values of an option: none if it is not written, empty ones for flags.
    fn values(&self, option: &str) -> Vec<String> {
        let flag = |set: bool| if set { vec![String::new()] } else { Vec::new() };
        let value = |value: &Option<String>| value.iter().cloned().collect();
        let text = |text: String| if text.is_empty() { Vec::new() } else { vec![text] };
        match option {
            "--recursive" => flag(self.recursive),
            "--skip-parent" => flag(self.skip_parent),
            "--exclude-datasets" => self.exclude.iter().map(pattern).collect(),
            "--no-sync-snap" => flag(matches!(self.snapshots, SyncSnapshots::Existing { .. })),
            "--create-bookmark" => {
                flag(self.snapshots == SyncSnapshots::Existing { bookmark: true })
            }
            "--keep-sync-snap" => flag(self.snapshots == SyncSnapshots::TakenAndKept),
            "--identifier" => value(&self.identifier),
            "--use-hold" => flag(self.hold),
            "--no-stream" => flag(!self.intermediate),
            "--no-rollback" => flag(!self.rollback),
            "--force-delete" => flag(self.force_delete),
            "--delete-target-snapshots" => flag(self.delete_target_snapshots),
            "--no-resume" => flag(!self.resume),
            "--preserve-recordsize" => flag(self.preserve == Preserve::Recordsize),
            "--preserve-properties" => flag(self.preserve == Preserve::Local),
            "--sendoptions" => text(self.send.clone()),
            "--recvoptions" => text(self.receive.text()),
            "--compress" => self.compress.iter().map(|c| c.as_str().to_owned()).collect(),
            "--source-bwlimit" => value(&self.source_limit),
            "--target-bwlimit" => value(&self.target_limit),
            "--sshkey" => value(&self.ssh.key),
            "--sshport" => self.ssh.port.iter().map(ToString::to_string).collect(),
            "--sshoption" => self.ssh.options.clone(),
            _ => flag(!self.sudo),
        }
    }

    /// Takes an option as it was read.
    fn set(&mut self, option: &str, value: &str) -> Result<(), ArgvError> {
        let wrong = || ArgvError::Value(option.to_owned(), value.to_owned());
        let text = value.to_owned();
        match option {
            "--recursive" => self.recursive = true,
            "--skip-parent" => self.skip_parent = true,
            "--exclude-datasets" => self.exclude.push(excluded(value).ok_or_else(wrong)?),
            "--no-sync-snap" => {
                let bookmark = self.snapshots == SyncSnapshots::Existing { bookmark: true };
                self.snapshots = SyncSnapshots::Existing { bookmark };
            }
            "--create-bookmark" => self.snapshots = SyncSnapshots::Existing { bookmark: true },
            "--keep-sync-snap" => self.snapshots = SyncSnapshots::TakenAndKept,
            "--identifier" => self.identifier = Some(text),
            "--use-hold" => self.hold = true,
            "--no-stream" => self.intermediate = false,
            "--no-rollback" => self.rollback = false,
            "--force-delete" => self.force_delete = true,
            "--delete-target-snapshots" => self.delete_target_snapshots = true,
            "--no-resume" => self.resume = false,
            "--preserve-recordsize" => self.preserve = Preserve::Recordsize,
            "--preserve-properties" => self.preserve = Preserve::Local,
            "--sendoptions" => self.send = text,
            "--recvoptions" => self.receive = ReceiveOptions::read(value).ok_or_else(wrong)?,
            "--compress" => self.compress = Some(value.parse()?),
            "--source-bwlimit" => self.source_limit = Some(text),
            "--target-bwlimit" => self.target_limit = Some(text),
            "--sshkey" => self.ssh.key = Some(text),
            "--sshport" => self.ssh.port = Some(value.parse().map_err(|_| wrong())?),
            "--sshoption" => self.ssh.options.push(text),
            _ => self.sudo = false,
        }
        Ok(())
    }

    /// The argument list, the program first. It is for no shell: nothing is quoted.
    pub fn argv(&self) -> Vec<String> {
        let mut argv = vec!["syncoid".to_owned()];
        for option in OPTIONS.iter().chain([&NO_ELEVATION]) {
            for value in self.values(option.name) {
                argv.push(match option.form {
                    Form::Flag => option.name.to_owned(),
                    Form::Value | Form::Values => format!("{}={value}", option.name),
                });
            }
        }
        argv.extend([self.source.to_string(), self.target.to_string()]);
        argv
    }

    /// Reads an argument list. Options that a job cannot have are refused by name, and so are patterns of `--exclude-datasets`
    /// that do not name one dataset.
    pub fn from_argv<S: AsRef<str>>(argv: &[S]) -> Result<Self, ArgvError> {
        let mut words = argv.iter().map(AsRef::as_ref);
        let program = words.next().and_then(|program| program.rsplit('/').next());
        if program != Some("syncoid") {
            return Err(ArgvError::Program);
        }
        let mut places: Vec<&str> = Vec::new();
        let mut options: Vec<(&str, &str)> = Vec::new();
        while let Some(word) = words.next() {
            if !word.starts_with('-') {
                places.push(word);
                continue;
            }
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let row = find(name).ok_or_else(|| ArgvError::Option(name.to_owned()))?;
            let arity = || ArgvError::Arity(name.to_owned());
            let value = match (row.form, value) {
                (Form::Flag, None) => "",
                (Form::Flag, Some(_)) => return Err(arity()),
                (_, Some(value)) => value,
                (_, None) => words.next().ok_or_else(arity)?,
            };
            let again =
                row.form != Form::Values && options.iter().any(|(name, _)| *name == row.name);
            if again {
                return Err(ArgvError::Value(name.to_owned(), value.to_owned()));
            }
            options.push((row.name, value));
        }
        let has = |option: &str| options.iter().any(|(name, _)| *name == option);
        let idle = IDLE.iter().find(|(option, other, beside)| has(option) && has(other) == *beside);
        if let Some(&(option, other, beside)) = idle {
            return Err(ArgvError::NoEffect { option, other, beside });
        }
        let [source, target] = places.as_slice() else {
            return Err(ArgvError::Places(places.len()));
        };
        let mut job = Self { sudo: true, ..Self::new(source.parse()?, target.parse()?) };
        for (option, value) in options {
            job.set(option, value)?;
        }
        Ok(job)
    }
}
