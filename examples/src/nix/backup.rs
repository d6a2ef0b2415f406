//! Copies: restic jobs, snapshots and replication, messages, the archive of a database.

use serde_json::{Map, Value, json};

use super::options::{Options, enabled, merge, rename};

/// Jobs, snapshots, replication and messages.
pub(super) fn copies(options: &mut Options) -> Value {
    let mut copies = json!({});
    for (name, mut job) in options.table("modules.backup.restic.jobs") {
        rename(&mut job, "excludePatterns", "excludes");
        merge(&mut copies, json!({ "jobs": { name: job } }));
    }
    let on =
        options.take("modules.replication.zfs.enable").is_none_or(|on| on == Value::Bool(true));
    let snapshots = options.table("modules.replication.zfs.sanoid");
    let mut syncoid = options.table("modules.replication.zfs.syncoid");
    if on && !snapshots.is_empty() {
        merge(&mut copies, json!({ "sanoid": snapshots }));
    }
    let sends = enabled(&mut syncoid) && on;
    let sources = syncoid.remove("datasets").as_ref().and_then(Value::as_array).cloned();
    let target = syncoid.remove("destination");
    for source in sources.iter().flatten().filter_map(Value::as_str) {
        let name = source.replace('/', ".");
        let sent = json!({ "source": source, "target": target, "enable": sends });
        merge(&mut copies, json!({ "replication": { name: sent } }));
    }
    options.put_back("modules.replication.zfs.syncoid", syncoid);
    for (name, template) in options.table("modules.notifications.templates") {
        let Value::Object(mut template) = template else {
            options.put_back("modules.notifications.templates", Map::from_iter([(name, template)]));
            continue;
        };
        if enabled(&mut template) {
            merge(&mut copies, json!({ "notifications": { name: template } }));
        }
    }
    copies
}

/// The archive of PostgreSQL by Barman, from the module's own options, the server's settings, and the unit that makes base
/// backups.
pub(super) fn archives(options: &mut Options, tables: &mut Value) {
    let mut archive = json!({});
    let mut pitr = options.table("modules.database.postgresql.pitr");
    let on = enabled(&mut pitr);
    if let Some(bucket) = pitr.remove("s3Bucket").as_ref().and_then(Value::as_str) {
        merge(&mut archive, json!({ "barman": { "destination": format!("s3://{bucket}") } }));
    }
    if let Some(file) = pitr.remove("environmentFile") {
        merge(&mut archive, json!({ "barman": { "environmentFile": file } }));
    }
    if let Some(schedule) = pitr.remove("baseBackupSchedule") {
        merge(&mut archive, json!({ "base": [{ "schedule": schedule }] }));
    }
    let mut settings = options.table("services.postgresql.settings");
    for (table, key) in [(&mut pitr, "walArchiveCommand"), (&mut settings, "archive_command")] {
        // barman-cloud-wal-archive DESTINATION SERVER WAL. A command of another form stays where it is: nobody reads it.
        let words = table.get(key).and_then(Value::as_str).unwrap_or_default();
        let words: Vec<&str> = words.split_whitespace().collect();
        if let ["barman-cloud-wal-archive", destination, server, "%p"] = words.as_slice() {
            let barman = json!({ "destination": destination, "server": server });
            merge(&mut archive, json!({ "barman": barman }));
            table.remove(key);
        }
    }
    if let Some(senders) = settings.remove("max_wal_senders") {
        merge(&mut archive, json!({ "maxWalSenders": senders }));
    }
    // An archive is what these are for: they are set with it, to this.
    settings.retain(|key, value| {
        *value != json!(if key == "archive_mode" { "on" } else { "replica" })
            || !["archive_mode", "wal_level"].contains(&key.as_str())
    });
    options.put_back("services.postgresql.settings", settings);
    options.put_back("modules.database.postgresql.pitr", pitr);
    base_backups(options, &mut archive);
    let Some(empty) = archive.as_object().map(Map::is_empty) else { return };
    if !empty {
        merge(&mut archive, json!({ "enable": on }));
        let name = archive.pointer("/barman/server").and_then(Value::as_str).unwrap_or("main");
        let around = tables.pointer("/backup/pitr").and_then(Value::as_object);
        let name = around.and_then(|around| around.keys().next()).map_or(name, String::as_str);
        let archive = json!({ "backup": { "pitr": { name: archive } } });
        merge(tables, archive);
    }
}

/// Options of `barman-cloud-backup` for how it compresses (barman 3.4).
const COMPRESSIONS: [(&str, &str); 3] =
    [("--gzip", "gzip"), ("--bzip2", "bzip2"), ("--snappy", "snappy")];

/// Units that run `barman-cloud-backup [COMPRESSION] DESTINATION SERVER`, and when they do. One that gives it anything else
/// stays where it is: nobody reads it.
fn base_backups(options: &mut Options, archive: &mut Value) {
    for name in options.names("systemd.services") {
        let script = options.0.pointer(&format!("/systemd/services/{name}/script"));
        let script = script.and_then(Value::as_str).unwrap_or_default().replace("\\\n", " ");
        let words: Vec<&str> = script.split_whitespace().collect();
        let ["barman-cloud-backup", flags @ .., destination, server] = words.as_slice() else {
            continue;
        };
        let known = |flag: &&str| COMPRESSIONS.iter().find(|(option, _)| option == flag);
        let compressions: Option<Vec<_>> = flags.iter().map(known).collect();
        let Some(compressions) = compressions else { continue };
        let barman = json!({ "destination": destination, "server": server });
        merge(archive, json!({ "barman": barman }));
        if let Some((_, compression)) = compressions.last() {
            merge(archive, json!({ "barman": { "compression": compression } }));
        }
        options.take(&format!("systemd.services.{name}"));
        let timer = format!("systemd.timers.{name}");
        if let Some(schedule) = options.take(&format!("{timer}.timerConfig.OnCalendar")) {
            merge(archive, json!({ "base": [{ "schedule": schedule }] }));
        }
        options.take(&format!("{timer}.wantedBy"));
    }
}
