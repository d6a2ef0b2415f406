//! What `zfs create`, `set` and `inherit` would say: their exit code, and what a dry run prints.

use std::fmt::Write;

use serde_json::Value;
use zfs_props::check::{Context, Key, NOT_REVERTIBLE, inherit, place};
use zfs_props::key::PropertyName;
use zfs_props::kind::DatasetKind;
use zfs_props::name::DatasetName;
use zfs_props::number;
use zfs_props::property::{Property, Stored};
use zfs_props::release::Release;
use zfs_props::set::PropertySet;

use crate::world::World;
use testing::baseline::Verdict;

/// The exit code, or what is printed; `None` where that depends on what the kernel makes of it.
type Run = Result<Option<String>, u8>;

const REFUSED: u8 = 1;
const USAGE: u8 = 2;
const MINUS_ONE: u8 = 255;

pub(crate) fn compare(meta: &Value, row: &Value) -> Verdict {
    let world = World::of(meta, row["state"].as_str());
    let words: Vec<&str> =
        row["argv"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    let run = match words[..] {
        ["zfs", "create", ref rest @ ..] => create(rest, &world),
        ["zfs", "set", ref rest @ ..] => set(rest, &world),
        ["zfs", "inherit", ref rest @ ..] => inherited(rest, &world),
        _ => return Verdict::LeftOut("another command"),
    };
    let (code, printed) = match run {
        Ok(None) => return Verdict::LeftOut("what follows a creation is up to the kernel"),
        Ok(Some(printed)) => (0, printed),
        Err(code) => (code, String::new()),
    };
    if row["rc"] == code && row["stdout"] == printed.as_str() {
        Verdict::Agree
    } else {
        Verdict::Disagree(format!("ours: {code}, {printed:?}"))
    }
}

fn set(arguments: &[&str], world: &World) -> Run {
    let (arguments, refused) = if world.release.is_at_least(Release::V2_2) {
        // What libzfs answers is the exit code.
        (arguments.strip_prefix(&["-u"]).unwrap_or(arguments), MINUS_ONE)
    } else {
        (arguments, REFUSED)
    };
    let first = arguments.iter().position(|word| !word.contains('=')).ok_or(USAGE)?;
    let (pairs, datasets) = arguments.split_at(first);
    let out_of_order = first > 0 && datasets.iter().any(|name| name.contains('='));
    if arguments.len() < 2 || arguments[0].starts_with('-') || out_of_order {
        return Err(USAGE);
    }
    let props = PropertySet::from_arguments(pairs.iter().copied()).map_err(|_| MINUS_ONE)?;
    let set = |name: &&str| match world.dataset(name) {
        None => REFUSED,
        Some(facts) => {
            let pool = name.split(['/', '@']).next().unwrap();
            let context = world.context(Context::set(*facts), pool);
            if props.check(&context).is_ok() { 0 } else { refused }
        }
    };
    match datasets.iter().map(set).fold(0, std::ops::BitOr::bitor) {
        0 => Ok(Some(String::new())),
        code => Err(code),
    }
}

fn inherited(arguments: &[&str], world: &World) -> Run {
    let options = getopt(arguments, "", "rS").ok_or(USAGE)?;
    let [property, ref datasets @ ..] = options.operands[..] else { return Err(USAGE) };
    if datasets.is_empty() {
        return Err(USAGE);
    }
    let reverts = options.has('S');
    match PropertyName::parse_for_reading(property, world.release) {
        Ok(PropertyName::Native(native)) if reverts && NOT_REVERTIBLE.contains(&native) => {
            return Err(REFUSED);
        }
        Ok(PropertyName::Native(_) | PropertyName::User(_)) => {}
        _ => return Err(USAGE),
    }
    for name in datasets {
        let facts = world.dataset(name).ok_or(REFUSED)?;
        inherit(property, reverts, facts, world.release).map_err(|_| REFUSED)?;
    }
    Ok(Some(String::new()))
}

fn create(arguments: &[&str], world: &World) -> Run {
    let options = getopt(arguments, "Vbo", "Pnpsuv").ok_or(USAGE)?;
    let (mut props, mut size, mut blocks) = (PropertySet::new(), None, false);
    for (option, value) in &options.given {
        let number = || number::parse(value).map_err(|_| REFUSED);
        match option {
            'V' => {
                size = Some(number()?);
                props.set(Property::Volsize.name(), Stored::Number(number()?));
            }
            'b' => {
                blocks = true;
                props.set(Property::Volblocksize.name(), Stored::Number(number()?));
            }
            'o' => {
                let (name, value) = value.split_once('=').ok_or(REFUSED)?;
                if props.get(name).is_some() {
                    return Err(REFUSED);
                }
                props.set(name, Stored::Text(value));
            }
            _ => {}
        }
    }
    let (is_volume, is_dry) = (size.is_some(), options.has('n'));
    if (blocks || options.has('s')) && !is_volume || options.has('u') && is_volume {
        return Err(USAGE);
    }
    let [name] = options.operands[..] else { return Err(USAGE) };
    let kind = if is_volume { DatasetKind::Volume } else { DatasetKind::Filesystem };
    let pool = name.split('/').next().unwrap();
    world.dataset(pool).ok_or(REFUSED)?;
    let context = world.context(Context::create(kind), pool);
    if is_dry {
        // The parent is not looked at.
        props.check_list(&context).map_err(|_| REFUSED)?;
    }
    if let Some(size) = size {
        props = props.for_volume(size, options.has('s'), &context).map_err(|_| REFUSED)?;
    }
    if options.has('p') && world.dataset(name).is_some() {
        return Ok(Some(String::new()));
    }
    if !is_dry {
        let parent = place(name, |name| world.dataset(name)).map_err(|_| REFUSED)?;
        let context = world.context(Context::create_in(*parent, kind), pool);
        props.check(&context.key(Key::Unreadable)).map_err(|_| REFUSED)?;
        return Ok(None);
    }
    Ok(Some(listing(&options, name, &props)))
}

fn listing(options: &Options, name: &str, props: &PropertySet) -> String {
    let mut printed = String::new();
    let parsable = options.has('P');
    if !parsable && !options.has('v') {
        return printed;
    }
    let (ancestors, first, indent, equals) = if parsable {
        ("create_ancestors\t", "create\t", "property\t", '\t')
    } else {
        ("would create ancestors of ", "would create ", "\t", '=')
    };
    if options.has('p') && name.parse::<DatasetName>().is_ok() {
        writeln!(printed, "{ancestors}{name}").unwrap();
    }
    writeln!(printed, "{first}{name}").unwrap();
    for (name, value) in props.iter() {
        let value = match value {
            Stored::Number(number) => number.to_string(),
            Stored::Text(text) => text.to_owned(),
        };
        writeln!(printed, "{indent}{name}{equals}{value}").unwrap();
    }
    printed
}

struct Options<'a> {
    given: Vec<(char, &'a str)>,
    operands: Vec<&'a str>,
}

impl Options<'_> {
    fn has(&self, option: char) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }
}

/// As getopt(3) reads them; `None` if it complains.
fn getopt<'a>(arguments: &[&'a str], valued: &str, flags: &str) -> Option<Options<'a>> {
    let mut options = Options { given: Vec::new(), operands: Vec::new() };
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
            options.operands.push(argument);
            continue;
        };
        for (at, letter) in letters.char_indices() {
            if flags.contains(letter) {
                options.given.push((letter, ""));
                continue;
            }
            if !valued.contains(letter) {
                return None;
            }
            let value = match &letters[at + letter.len_utf8()..] {
                "" => arguments.next()?,
                rest => rest,
            };
            options.given.push((letter, value));
            break;
        }
    }
    Some(options)
}
