//! What a declaration may not say, told where it says it, before anything is lost.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use restore_chain::Spec;

/// A service with these lines, and the problems of its host.
fn problems(host: &str, service: &str, lines: &str) -> Vec<String> {
    let text = format!(
        "host = {host}\n[services.{service}]\nbootstrap = 'if-nothing-exists'\ndataset = 'tank/a'\nmountpoint = '/a'\n{lines}\n"
    );
    let problems = Spec::from_toml(&text)
        .map_or_else(|problems| problems.into_iter().collect(), |_| Vec::new());
    problems.iter().map(|problem| format!("{} [{}]", problem.path, problem.code)).collect()
}

#[test]
fn a_property_that_zfs_refuses_is_told_before_the_disaster() {
    let of = |line: &str| problems("'forge'", "a", &format!("[services.a.properties]\n{line}"));
    let path = "services.a.properties";
    for (line, problem) in [
        ("recordsize = '3K'", format!("{path}.recordsize [bad-property]")),
        ("recrodsize = '16K'", format!("{path}.recrodsize [bad-property]")),
        ("used = '1'", format!("{path}.used [bad-property]")),
        ("casesensitivity = 'mixed'", format!("{path}.casesensitivity [bad-property]")),
        // Set after `mountpoint`, which the restore sets: nothing would ever be mounted where it belongs.
        ("mountpoint = '/elsewhere'", format!("{path}.mountpoint [bad-property]")),
        ("canmount = 'off'", format!("{path}.canmount [bad-property]")),
    ] {
        assert_eq!(of(line), [problem], "{line}");
    }
    let right = "recordsize = '16K'\ncompression = 'zstd-3'\n'org.example:note' = 'x y'\n'userquota@alice' = '1G'\nkeylocation = 'prompt'";
    assert_eq!(of(right), [""; 0]);
}

/// No snapshot is of a machine without a name: nothing would exist, and the service would start empty.
#[test]
fn a_machine_without_a_name_is_none() {
    assert_eq!(problems("''", "a", ""), ["host [bad-name]"]);
    assert_eq!(problems("\"a\\nb\"", "a", ""), ["host [bad-name]"]);
}

/// Names of units are names of folders, and lines of unit files.
#[test]
fn a_unit_leads_nowhere_else() {
    for unit in
        ["../../x.service", "x", "a b.service", "x.service\\nRequires=y.service", ".service", ""]
    {
        let line = format!("units = [\"{unit}\"]");
        assert_eq!(problems("'forge'", "a", &line), ["services.a.units[0] [bad-name]"], "{unit}");
    }
    assert_eq!(problems("'forge'", "a", "units = ['a@b.service', 'x\\x2dy.timer']"), [""; 0]);
}

#[test]
fn an_owner_is_one_word_and_a_name_is_one_line() {
    let owner = |user: &str| {
        problems("'forge'", "a", &format!("owner = {{ user = '{user}', group = 'a' }}"))
    };
    for user in ["", "a:b", "a b"] {
        assert_eq!(owner(user), ["services.a.owner.user [bad-name]"], "{user}");
    }
    assert_eq!(owner("1000"), [""; 0]);
    assert_eq!(problems("'forge'", "\"\"", ""), ["services.\"\" [bad-name]"]);
    let replica = "[replicas.\"a\\tb\"]\nsource = 'tank/a'\ntarget = 'backup/a'";
    let found = problems("'forge'", "a", replica);
    assert!(found.len() == 1 && found[0].ends_with("[bad-name]"), "{found:?}");
}

/// A policy that uses nothing brings nothing back, whatever is declared; and what it leaves out is there all the same.
#[test]
fn an_order_uses_something_and_says_what_it_leaves_out() {
    let replica = "[replicas.nas]\nsource = 'tank/a'\ntarget = 'backup/a'\n";
    let with =
        |order: &str| problems("'forge'", "a", &format!("{replica}[policy]\norder = {order}"));
    assert_eq!(with("[]"), ["policy.order [no-effect]"]);
    assert_eq!(with("['replica', 'local', 'replica']"), ["policy.order[2] [no-effect]"]);
    assert_eq!(with("['replica', 'local']"), [""; 0]);
    let text = format!(
        "host = 'forge'\n[policy]\norder = ['restic']\n[services.a]\ndataset = 'tank/a'\nmountpoint = '/a'\n{replica}"
    );
    let told = Spec::from_toml(&text).unwrap_err().to_string();
    assert!(told.contains("no replica and no repository that the policy uses"), "{told}");
}

/// The dataset of one service would be taken for what another one is restored to, and put in its place.
#[test]
fn a_dataset_is_not_called_as_the_staging_of_another() {
    let other = "[services.b]\nbootstrap = 'if-nothing-exists'\ndataset = 'tank/a.restore-staging'\nmountpoint = '/b'";
    assert_eq!(problems("'forge'", "a", other), ["services.b [duplicate-dataset]"]);
}
