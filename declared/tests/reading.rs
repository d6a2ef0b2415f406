//! What each kind of mistake gets, and that reading goes on after it.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing)]

use declared::{Data, Entry, Fault, Node, Position, Problem, Problems, Reader};

#[derive(Debug, Default, PartialEq)]
struct Host {
    name: String,
    ports: Vec<u16>,
    fast: bool,
    level: u8,
    users: Vec<String>,
}

fn host(node: &Node) -> Result<Host, Problems<Fault>> {
    let mut reader = Reader::new();
    let mut host = Host::default();
    if let Some(mut table) = reader.table(&Entry::root(node)) {
        if let Some(entry) = reader.required(&mut table, "name", "give the host a name") {
            host.name = reader.text(&entry).map(str::to_owned).unwrap_or_default();
        }
        if let Some(entry) = table.take("ports") {
            host.ports = reader.parsed_list(&entry, "write a number below 65536");
        }
        if let Some(entry) = table.take("fast") {
            host.fast = reader.boolean(&entry).unwrap_or_default();
        }
        if let Some(entry) = table.take("level") {
            host.level = reader.word(&entry, &[("low", 1), ("high", 2)]).unwrap_or_default();
        }
        if let Some(entry) = table.take("users") {
            for user in reader.entries(&entry) {
                host.users.push(user.key.to_owned());
                if let Some(table) = reader.table(&user) {
                    reader.finish_with(&table, |key| key.starts_with("x-").then(|| "no".into()));
                }
            }
        }
        reader.finish(&table);
    }
    reader.done(host)
}

fn problems(text: &str) -> Vec<Problem<Fault>> {
    host(&Node::from_toml(text).unwrap()).unwrap_err().into_iter().collect()
}

/// A document of several declarations has one report: every path is of the document, and every position.
#[test]
fn a_part_of_a_document_is_reported_as_such() {
    let node = Node::from_toml("[other]\n\n[host]\nports = [70000]\n").unwrap();
    let problems = host(node.get("host").unwrap()).unwrap_err();
    let found: Vec<Problem<Fault>> =
        problems.into_iter().map(|problem| problem.within("host")).collect();
    let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["host", "host.ports[0]"]);
    assert_eq!(found[0].position, Some(Position { line: 3, column: 1 }));
    assert_eq!(found[1].position, Some(Position { line: 4, column: 10 }));
}

#[test]
fn a_declaration_without_mistakes_is_read_from_both_languages() {
    let toml = "name = \"a\"\nports = [22, \"80\"]\nfast = true\nlevel = \"high\"\n[users.root]\n";
    let json = r#"{"name": "a", "ports": [22, "80"], "fast": true, "level": "high",
        "users": {"root": {}}}"#;
    let expected = Host {
        name: "a".into(),
        ports: vec![22, 80],
        fast: true,
        level: 2,
        users: vec!["root".into()],
    };
    assert_eq!(host(&Node::from_toml(toml).unwrap()).unwrap(), expected);
    assert_eq!(host(&Node::from_json(json).unwrap()).unwrap(), expected);
}

#[test]
fn every_mistake_is_reported_in_the_order_of_the_text() {
    let found = problems(
        "name = 1\nports = [22, 70000, true]\nfast = \"yes\"\nlevel = \"hihg\"\nlvl = 1\n[users.\"a b\"]\nx-1 = 0\n",
    );
    let line = |n: usize| -> Vec<(&str, Fault, &str)> {
        let of_line = |p: &&Problem<Fault>| p.position.unwrap().line == n;
        found.iter().filter(of_line).map(|p| (p.path.as_str(), p.code, p.remedy.as_str())).collect()
    };
    assert_eq!(line(1), [("name", Fault::WrongType, "write a string")]);
    assert_eq!(
        line(2),
        [
            ("ports[1]", Fault::BadValue, "write a number below 65536"),
            ("ports[2]", Fault::WrongType, "write a string"),
        ]
    );
    assert_eq!(line(3), [("fast", Fault::WrongType, "write true or false")]);
    assert_eq!(line(4), [("level", Fault::BadValue, "did you mean \"high\"?")]);
    assert_eq!(line(5), [("lvl", Fault::UnknownKey, "did you mean `level`?")]);
    assert_eq!(line(7), [("users.\"a b\".x-1", Fault::UnknownKey, "no")]);
    assert_eq!(found.len(), 7);
    assert!(found.is_sorted());
}

#[test]
fn columns_are_counted_in_characters() {
    let found = problems("name = \"ü\"\nusers.\"äö\" = 1\n");
    assert_eq!(found[0].position, Some(Position { line: 2, column: 14 }));
}

#[test]
fn a_key_that_is_given_twice_counts_once() {
    let found = host(&Node::from_json(r#"{"name": "a", "name": "b"}"#).unwrap()).unwrap_err();
    let found: Vec<_> = found.iter().map(|problem| (problem.path.as_str(), problem.code)).collect();
    assert_eq!(found, [("name", Fault::DuplicateKey)]);
}

#[test]
fn all_errors_of_syntax_are_reported_and_nothing_is_read() {
    let found = Node::from_toml("a = \nb = 1\nc = [\n").unwrap_err();
    let lines: Vec<_> = found.iter().map(|p| (p.code, p.position.unwrap().line)).collect();
    assert!(lines.len() > 1, "{lines:?}");
    assert_eq!(lines[0], (Fault::Syntax, 1));
    let found = Node::from_json("{\n\"a\": }").unwrap_err();
    assert_eq!(found.iter().next().unwrap().position, Some(Position { line: 2, column: 6 }));
}

#[test]
fn numbers_keep_their_digits() {
    let node = Node::from_toml("a = 0x10\nb = 1_000\nc = 1.5").unwrap();
    assert_eq!(node.get("a").unwrap().data, Data::Number("16".into()));
    assert_eq!(node.get("b").unwrap().data, Data::Number("1000".into()));
    assert_eq!(node.get("c").unwrap().noun(), "a fraction");
}

#[test]
fn later_problems_find_the_places_of_their_keys() {
    let text = "name = \"a\"\n\n[users.root]\n";
    let node = Node::from_toml(text).unwrap();
    let mut reader = Reader::<Fault>::new();
    let problem = |path: &str| Problem {
        position: None,
        path: path.into(),
        code: Fault::BadValue,
        what: String::new(),
        remedy: String::new(),
    };
    let later = [problem("name"), problem("users.root.uid"), problem("users[3]"), problem("other")];
    reader.add(&Entry::root(&node), later);
    let found = reader.done(()).unwrap_err();
    let places: Vec<_> =
        found.iter().map(|p| (p.path.as_str(), p.position.map(|at| at.line))).collect();
    // `root` stands behind `users`.
    assert_eq!(
        places,
        [("other", None), ("name", Some(1)), ("users[3]", Some(3)), ("users.root.uid", Some(3))]
    );
}

#[test]
fn a_long_word_is_not_compared() {
    assert_eq!(declared::nearest(&"a".repeat(1 << 20), &["recordsize"]), None);
    assert_eq!(declared::nearest("recrodsize", &["recordsize"]), Some("recordsize"));
    assert_eq!(declared::nearest("x", &[]), None);
}

#[test]
fn depth_is_bounded() {
    assert!(Node::from_json(&"[".repeat(1 << 20)).is_err());
    assert!(Node::from_toml(&format!("a = {}", "[".repeat(1 << 16))).is_err());
}

/// A document that a program wrote on one line has its values where they are, in characters, however many there are: counted
/// anew for each, a megabyte of them took a minute.
#[test]
fn columns_of_a_long_line_are_counted_once() {
    let text = format!("a = [{}\"ü\", 7]\nö = 8\n", "\"é\",".repeat(300_000));
    let text = text.replace("ö", "\"ö\"");
    let node = Node::from_toml(&text).unwrap();
    let Data::List(list) = &node.get("a").unwrap().data else { panic!("{:?}", node.noun()) };
    let column = |node: &Node| node.at.unwrap().column;
    assert_eq!(list.iter().take(3).map(column).collect::<Vec<_>>(), [6, 10, 14]);
    assert_eq!(column(&list[300_001]), 5 + 300_000 * 4 + 5 + 1);
    assert_eq!(node.get("ö").unwrap().at, Some(Position { line: 2, column: 7 }));
}

/// 2^64 and more is no fraction.
#[test]
fn a_number_too_large_for_json_is_called_so() {
    let noun = |json: &str| Node::from_json(json).unwrap().get("a").unwrap().noun();
    for large in ["18446744073709551616", "-9223372036854775809", "1e300"] {
        assert_eq!(noun(&format!("{{\"a\":{large}}}")), "a number out of range", "{large}");
    }
    for fraction in ["0.5", "1e-3", "-2.25"] {
        assert_eq!(noun(&format!("{{\"a\":{fraction}}}")), "a fraction", "{fraction}");
    }
}

/// A mark of the encoding at the beginning is no part of a document, in either format (RFC 8259, 8.1).
#[test]
fn a_byte_order_mark_is_passed_over() {
    let json = Node::from_json("\u{feff}{\"a\": 1}").unwrap();
    let toml = Node::from_toml("\u{feff}a = 1\r\n").unwrap();
    for node in [json, toml] {
        assert_eq!(node.get("a").unwrap().data, Data::Number("1".into()));
    }
}
