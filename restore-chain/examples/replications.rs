//! What OpenZFS makes of sends and receives between generated pairs of datasets: one line of JSON for each.
//!
//! `replications COUNT [SEED [encrypted]]`, as root, with pools `from` and `to`; meant for a machine that is thrown away.
//! Every pair has its own history: snapshots pruned, renamed or added on either side, bookmarks, holds, changes, interrupted
//! receives. One stream is sent then, with a base and a force chosen by chance; or what the crate plans is carried out.
//! With `encrypted`, most senders are encrypted, streams are raw or not, into plain and encrypted parents, and keys are
//! there or not.

use std::fs;
use std::io::{Read, Write};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use restore_chain::command::Command;
use restore_chain::exec::{pipe, process};
use restore_chain::lineage::{Encryption, Guid, Lineage, Policy, ResumeToken, Version, plan, read};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

const LIMIT: Duration = Duration::from_secs(60);

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'l, T>(&mut self, list: &'l [T]) -> Option<&'l T> {
        let at = self.below(u64::try_from(list.len()).unwrap_or(0));
        list.get(usize::try_from(at).unwrap_or(0))
    }
}

fn zfs(words: &[&str]) -> Result<String, Failure> {
    let output = process::run(&Command::new(["zfs"]).args(words.iter().copied()), &[], LIMIT)?;
    Ok(String::from_utf8(output)?)
}

/// A listing, or none where the dataset is not there.
fn list(dataset: &str) -> Result<Option<String>, Failure> {
    let command = read::command(&dataset.parse()?);
    let output = process::output(&command, &[], LIMIT)?;
    if output.status.success() {
        return Ok(Some(String::from_utf8(output.stdout)?));
    }
    if output.stderr.contains("does not exist") {
        return Ok(None);
    }
    Err(output.stderr.into())
}

fn lineage(text: &str) -> Result<Lineage, Failure> {
    Ok(read::lineages(text)?.into_values().next().ok_or("an empty listing")?)
}

/// Which of the refusals a message stands for.
fn class(message: &str) -> &'static str {
    const CLASSES: [(&str, &str); 18] = [
        ("on top of existing unencrypted dataset", "raw-onto-plain"),
        ("incompatible embedded data", "embedded"),
        ("cannot be used to destroy an encrypted", "force-encrypted"),
        ("IV set guid", "ivset"),
        ("key must be loaded", "key"),
        ("key not loaded", "key"),
        ("dataset key must be loaded", "key"),
        ("invalid backup stream", "invalid"),
        ("partially-complete state", "interrupted"),
        ("has been modified", "modified"),
        ("does not match incremental source", "no-base"),
        ("must specify -F to overwrite", "exists"),
        ("must destroy them to overwrite", "has-snapshots"),
        ("destination is a clone", "is-clone"),
        ("destination already exists", "snapshot-exists"),
        ("does not exist", "no-dataset"),
        ("dataset is busy", "pinned"),
        ("not an earlier snapshot", "unsendable"),
    ];
    // Long messages are broken into lines.
    let message = message.replace('\n', " ");
    CLASSES.iter().find(|(text, _)| message.contains(text)).map_or("other", |(_, class)| class)
}

/// What the keys of both sides are: 32 bytes.
const KEY: &str = "/tmp/pairs.key";
const OTHER_KEY: &str = "/tmp/pairs.other-key";

/// How a history is made where encryption plays a part.
#[derive(Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "each is decided by chance, by itself")]
struct Secret {
    /// The sender is encrypted.
    sender: bool,
    /// The receiver's parent is.
    parent: bool,
    /// What the receiver has so far was sent raw.
    raw: bool,
    /// The receiver's key is loaded before the last stream.
    loaded: bool,
    /// The last stream is raw.
    last_raw: bool,
    /// A stream of the other sort was received in between.
    mixed: bool,
    /// The sender's key is not loaded, when a plan is carried out.
    locked: bool,
}

impl Secret {
    fn by_chance(random: &mut Random) -> Self {
        // Neighbouring seeds begin alike.
        for _ in 0..8 {
            random.below(2);
        }
        Self {
            sender: random.percent(85),
            parent: random.percent(30),
            raw: random.percent(65),
            loaded: random.percent(40),
            last_raw: random.percent(65),
            mixed: random.percent(20),
            locked: random.percent(20),
        }
    }
}

struct Pair {
    from: String,
    to: String,
    place: String,
    secret: Option<Secret>,
}

impl Pair {
    fn write(place: &str, random: &mut Random) -> Result<(), Failure> {
        let size = usize::try_from(20_000 + random.below(150_000))?;
        let bytes: Vec<u8> =
            (0..size).map(|_| u8::try_from(random.below(256)).unwrap_or(0)).collect();
        fs::write(format!("{place}/file-{}", random.below(3)), bytes)?;
        Ok(())
    }

    fn send(&self, words: &[&str], receive: &[&str]) -> Result<u64, process::ProcessError> {
        self.send_as(self.secret.is_some_and(|secret| secret.raw), words, receive)
    }

    fn send_as(
        &self,
        raw: bool,
        words: &[&str],
        receive: &[&str],
    ) -> Result<u64, process::ProcessError> {
        let raw = raw.then_some("-w");
        let send = Command::new(["zfs", "send"]).args(raw).args(words.iter().copied());
        let receive = Command::new(["zfs", "receive"]).args(receive.iter().copied()).arg(&self.to);
        pipe::run(&send, &receive, &[], LIMIT, |_| {})
    }

    /// Makes two sides that share some history.
    fn make(&self, random: &mut Random) -> Result<(), Failure> {
        let Self { from, to, place, .. } = self;
        let mountpoint = format!("mountpoint={place}");
        let location = format!("keylocation=file://{KEY}");
        let mut create = vec!["create", "-o", &mountpoint];
        if self.secret.is_some_and(|secret| secret.sender) {
            create.extend(["-o", "encryption=on", "-o", "keyformat=raw", "-o", &location]);
        }
        create.push(from);
        zfs(&create)?;
        let count = 2 + random.below(4);
        for n in 0..count {
            Self::write(place, random)?;
            zfs(&["snapshot", &format!("{from}@s{n}")])?;
            if random.percent(30) {
                zfs(&["bookmark", &format!("{from}@s{n}"), &format!("{from}#b{n}")])?;
            }
        }
        let start = random.below(100);
        if start < 12 {
            return Ok(());
        }
        if start < 20 {
            zfs(&["create", "-o", "mountpoint=none", to])?;
            return Ok(());
        }
        if let Some(secret) = self.secret {
            return self.history(secret, count, random);
        }
        let first = random.below(count);
        let last = first + random.below(count - first);
        self.send(&[&format!("{from}@s{first}")], &["-u", "-o", "mountpoint=none"])?;
        if last > first {
            let words = ["-I", &format!("{from}@s{first}"), &format!("{from}@s{last}")];
            self.send(&words, &["-u"])?;
        }
        if random.percent(25) {
            zfs(&["snapshot", &format!("{to}@own")])?;
            if random.percent(30) {
                zfs(&["hold", "kept", &format!("{to}@own")])?;
            }
        }
        if random.percent(12) && last + 1 < count {
            zfs(&["snapshot", &format!("{to}@s{}", count - 1)])?;
        }
        if random.percent(10) {
            zfs(&["rename", &format!("{to}@s{first}"), &format!("{to}@renamed")])?;
        }
        if random.percent(20) {
            zfs(&["set", &format!("mountpoint={place}-received"), to])?;
            // It is mounted by that unless it was received with -u.
            let _ = zfs(&["mount", to]);
            Self::write(&format!("{place}-received"), random)?;
            // What was written is counted when it is on disk.
            zfs(&["unmount", to])?;
        }
        let pruned: Vec<String> =
            (0..count).filter(|_| random.percent(22)).map(|n| format!("s{n}")).collect();
        if !pruned.is_empty() {
            zfs(&["destroy", &format!("{from}@{}", pruned.join(","))])?;
        }
        if random.percent(15) && last + 1 < count {
            self.interrupt(last, last + 1)?;
        }
        Ok(())
    }

    /// What the receiver has already, raw or not, and perhaps of both sorts.
    fn history(&self, secret: Secret, count: u64, random: &mut Random) -> Result<(), Failure> {
        let Self { from, to, place, .. } = self;
        let first = random.below(count);
        let last = first + random.below(count - first);
        if self.send(&[&format!("{from}@s{first}")], &["-u", "-o", "mountpoint=none"]).is_err() {
            // Raw, of a sender that is not encrypted, into a parent that is.
            return Ok(());
        }
        let load = || zfs(&["load-key", "-L", &format!("file://{KEY}"), to]);
        if secret.mixed {
            let _ = load();
        }
        for n in first..last {
            let words = ["-i", &format!("{from}@s{n}"), &format!("{from}@s{}", n + 1)];
            let raw = secret.raw != (secret.mixed && n == first);
            if self.send_as(raw, &words, &["-u"]).is_err() {
                break;
            }
        }
        if secret.mixed && !secret.loaded {
            let _ = zfs(&["unload-key", to]);
        }
        if secret.loaded {
            let _ = load();
        }
        if random.percent(20) {
            zfs(&["snapshot", &format!("{to}@own")])?;
        }
        if random.percent(20) {
            let _ = zfs(&["set", &format!("mountpoint={place}-received"), to]);
            if zfs(&["mount", to]).is_ok() {
                Self::write(&format!("{place}-received"), random)?;
                zfs(&["unmount", to])?;
            }
        }
        let pruned: Vec<String> =
            (0..count).filter(|_| random.percent(15)).map(|n| format!("s{n}")).collect();
        if !pruned.is_empty() {
            zfs(&["destroy", &format!("{from}@{}", pruned.join(","))])?;
        }
        Ok(())
    }

    /// A receive that ends in the middle.
    fn interrupt(&self, base: u64, to: u64) -> Result<(), Failure> {
        let (base, to) = (format!("{}@s{base}", self.from), format!("{}@s{to}", self.from));
        let send = std::process::Command::new("zfs")
            .args(["send", "-i", &base, &to])
            .stderr(Stdio::null())
            .output()?;
        let half = send.stdout.get(..send.stdout.len() / 2).unwrap_or_default();
        let mut receive = std::process::Command::new("zfs");
        receive.args(["receive", "-s", "-u", &self.to]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut receive = receive.spawn()?;
        if let Some(mut stdin) = receive.stdin.take() {
            let _ = stdin.write_all(half);
        }
        receive.wait()?;
        Ok(())
    }

    /// Sends one stream, or carries a plan out.
    fn run(&self, n: u64, random: &mut Random) -> Result<Value, Failure> {
        self.make(random)?;
        if n % 3 == 2 && self.secret.is_some_and(|secret| secret.locked && secret.sender) {
            zfs(&["unmount", &self.from])?;
            zfs(&["unload-key", &self.from])?;
        }
        let from = list(&self.from)?.ok_or("the sender is there")?;
        let to = list(&self.to)?;
        let sender = lineage(&from)?;
        let receiver = to.as_deref().map(lineage).transpose()?;
        let token = receiver.as_ref().and_then(|receiver| receiver.head.resume_token.clone());
        let contents = match &token {
            Some(token) => {
                let output =
                    process::output(&Command::new(["zfs", "send", "-nvt", token]), &[], LIMIT)?;
                Some(String::from_utf8_lossy(&output.stdout).into_owned() + &output.stderr)
            }
            None => None,
        };
        let mut row = json!({ "n": n, "from": from, "to": to, "token": contents });
        if let (Some(secret), Some(row)) = (self.secret, row.as_object_mut()) {
            let parent = self.to.rsplit_once('/').map_or("", |(parent, _)| parent);
            row.insert("target".to_owned(), json!(self.to));
            // Its own line, without all the others below it.
            let listed = list(parent)?.unwrap_or_default();
            row.insert("parent".to_owned(), json!(listed.lines().next()));
            row.insert("raw".to_owned(), json!(secret.last_raw));
        }
        let more = if n % 3 == 2 {
            self.plan(&sender, receiver.as_ref(), token.as_deref(), contents.as_deref(), random)?
        } else {
            self.stream(&sender, random)
        };
        if let (Some(row), Some(more)) = (row.as_object_mut(), more.as_object()) {
            row.extend(more.clone());
            row.insert("after".to_owned(), json!(list(&self.to)?));
        }
        Ok(row)
    }

    fn stream(&self, sender: &Lineage, random: &mut Random) -> Value {
        let snapshots: Vec<&Version> = sender.snapshots().collect();
        let Some(to) = random.pick(&snapshots).copied() else {
            return json!({ "kind": "nothing" });
        };
        let older: Vec<&Version> =
            sender.versions().iter().filter(|version| version.createtxg < to.createtxg).collect();
        let base = if random.percent(20) { None } else { random.pick(&older).copied() };
        let force = random.percent(50);
        let mut words = Vec::new();
        if let Some(base) = base {
            words.extend(["-i".to_owned(), base.of(&sender.dataset)]);
        }
        words.push(to.of(&sender.dataset));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let flags: &[&str] = if force { &["-u", "-F"] } else { &["-u"] };
        let raw = self.secret.is_some_and(|secret| secret.last_raw);
        let result = self.send_as(raw, &words, flags);
        let refusal = result.as_ref().err().map(|error| class(&error.to_string()));
        let said =
            result.as_ref().err().map(ToString::to_string).filter(|_| refusal == Some("other"));
        let base = base.map(ToString::to_string);
        json!({ "kind": "stream", "base": base, "snapshot": to.name, "force": force, "refusal": refusal, "said": said })
    }

    fn plan(
        &self,
        sender: &Lineage,
        receiver: Option<&Lineage>,
        token: Option<&str>,
        contents: Option<&str>,
        random: &mut Random,
    ) -> Result<Value, Failure> {
        let may_destroy: Vec<Guid> = match receiver {
            Some(receiver) if random.percent(50) => {
                receiver.snapshots().map(|version| version.guid).collect()
            }
            _ => Vec::new(),
        };
        let granted = !may_destroy.is_empty();
        let raw = self.secret.is_some_and(|secret| secret.last_raw);
        let parent = match self.secret {
            Some(Secret { parent: true, .. }) => Encryption::On,
            _ => Encryption::Off,
        };
        let policy = Policy { may_destroy, raw, parent, ..Policy::default() };
        let token = token
            .zip(contents)
            .map(|(token, contents)| ResumeToken::from_send_dry_run(token, contents))
            .transpose();
        let token = token.unwrap_or(None);
        let planned = plan(sender, &self.to.parse()?, receiver, token.as_ref(), &policy);
        let Ok(replication) = planned else {
            return Ok(json!({ "kind": "plan", "granted": granted, "steps": null }));
        };
        let mut failed = None;
        for step in &replication.steps {
            let done = match step.send() {
                Some(send) => pipe::run(&send, &step.receive(), &[], LIMIT, |_| {}).map(drop),
                None => process::run(&step.receive(), &[], LIMIT).map(drop),
            };
            if let Err(error) = done {
                failed = Some(match class(&error.to_string()) {
                    "other" => format!("{step}: {error}"),
                    class => format!("{step}: {class}"),
                });
                break;
            }
        }
        let steps: Vec<String> = replication.steps.iter().map(ToString::to_string).collect();
        Ok(json!({ "kind": "plan", "granted": granted, "steps": steps, "failed": failed }))
    }
}

fn run() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let count: u64 = arguments.next().ok_or("replications COUNT [SEED]")?.parse()?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let encrypted = arguments.next().is_some_and(|word| word == "encrypted");
    if encrypted {
        fs::write(KEY, [7; 32])?;
        fs::write(OTHER_KEY, [9; 32])?;
        let location = format!("keylocation=file://{OTHER_KEY}");
        let words = ["create", "-o", "mountpoint=none", "-o", "encryption=on", "-o"];
        zfs(&[&words[..], &["keyformat=raw", "-o", &location, "to/vault"]].concat())?;
    }
    let mut version = String::new();
    fs::File::open("/sys/module/zfs/version")
        .and_then(|mut file| file.read_to_string(&mut version))?;
    println!(
        "{}",
        json!({ "_meta": { "what": "sends and receives between generated pairs", "recorded_from": format!("OpenZFS {}", version.trim()), "rows": count } })
    );
    for n in 0..count {
        let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(n));
        random.below(2);
        let secret = encrypted.then(|| Secret::by_chance(&mut random));
        let parent = if secret.is_some_and(|secret| secret.parent) { "to/vault" } else { "to" };
        let pair = Pair {
            from: format!("from/d{n}"),
            to: format!("{parent}/d{n}"),
            place: format!("/tmp/pairs/{n}"),
            secret,
        };
        println!("{}", pair.run(n, &mut random)?);
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("replications: {error}");
            ExitCode::FAILURE
        }
    }
}
