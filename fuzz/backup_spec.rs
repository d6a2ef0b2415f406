// What the fuzz targets of backup-spec do with their input, and `backup-spec/tests/corpus.rs` with every file of the
// corpora. A property that fails panics.

use backup_spec::calendar::Calendar;
use backup_spec::notify::Text;
use backup_spec::pitr::Retention;
use backup_spec::span::Span;
use backup_spec::syncoid::Replication;
use jiff::Timestamp;

/// Expressions, one a line: each reads back from its normal form, and looking for its elapses ends.
pub fn calendar(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(8) {
        let calendar = match line.parse::<Calendar>() {
            Ok(calendar) => calendar,
            Err(error) => {
                assert!(error.at() <= line.len(), "{error}");
                continue;
            }
        };
        let normal = calendar.to_string();
        assert!(normal.parse::<Calendar>().as_ref() == Ok(&calendar), "{line}: {normal}");
        let base = Timestamp::from_second(1_711_756_800).unwrap_or_default();
        let Ok(next) = calendar.next_after(base) else { continue };
        assert!(next > base, "{line}");
        if let Ok(previous) = calendar.previous_before(next) {
            assert!(previous <= base, "{line}: {previous} {next}");
            let again = calendar.next_after(previous);
            assert!(again.is_ok_and(|again| again >= base.min(next)), "{line}: {previous}");
        }
        let week = next.checked_add(jiff::SignedDuration::from_hours(7 * 24)).unwrap_or(next);
        if let Some(gaps) = calendar.gaps(base, week) {
            assert!(gaps.shortest.length() <= gaps.longest.length(), "{line}");
        }
    }
}

/// Time spans and retention policies, one a line: each reads back from what it displays.
pub fn span(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for line in text.lines().take(64) {
        if let Ok(span) = line.parse::<Span>() {
            assert!(span.to_string().parse() == Ok(span), "{line}: {span}");
        }
        if let Ok(retention) = line.parse::<Retention>() {
            assert!(retention.to_string().parse() == Ok(retention), "{line}: {retention}");
        }
    }
}

/// A template text: it reads back, and what it renders is what its parts are.
pub fn template(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match text.parse::<Text>() {
        Ok(read) => {
            assert!(read.to_string().parse().as_ref() == Ok(&read), "{text}");
            let braced = read.render(|name| format!("${{{name}}}").into());
            assert!(braced == text.replace("$$", "$") || text.contains("$$"), "{text}: {braced}");
        }
        Err(error) => assert!(text.get(error.at..).is_some_and(|rest| rest.starts_with('$'))),
    }
}

/// An argument list of syncoid, one word a line: what is read is written so that it reads back.
pub fn syncoid(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let words: Vec<&str> = text.lines().collect();
    if let Ok(job) = Replication::from_argv(&words) {
        if job.flaws().iter().all(backup_spec::syncoid::Flaw::is_warning) {
            let argv = job.argv();
            assert!(Replication::from_argv(&argv).as_ref() == Ok(&job), "{argv:?}");
        }
    }
}
