//! The table as a page that needs nothing but itself: no script, no font, no other file.

use std::fmt::Write;

use super::row::{Answer, End, age};
use super::summary::Summary;
use super::{Loss, Row};

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(host: &str, rows: &[Row]) -> String {
    let mut page = String::new();
    let summary = Summary::of(rows);
    let host = escaped(host);
    _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>What {host} loses</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>What <em>{host}</em> loses</h1>\n\
         <p>Everything it has, and the worst that each loss does to it: the copy it comes back through, \
         how much of the newest data is gone, and how long it takes.</p>\n"
    );
    tiles(&mut page, &summary, rows.len());
    _ = writeln!(page, "</header>");
    carries(&mut page, &summary);
    _ = writeln!(
        page,
        "<section>\n<h2>Everything</h2>\n<label><input type=\"checkbox\" id=\"only\"> only what fails or is undecided</label>\n<div class=\"wide\"><table class=\"all\">\n<thead><tr><th></th><th>what</th><th>class</th>"
    );
    for loss in Loss::ALL {
        _ = writeln!(page, "<th>{}</th>", loss.title());
    }
    _ = writeln!(page, "</tr></thead>");
    // Datasets, then paths: each a body of its own.
    let paths = rows.iter().position(|row| row.name.starts_with('/')).unwrap_or(rows.len());
    let (datasets, paths) = rows.split_at(paths);
    for (title, part) in [("datasets", datasets), ("paths", paths)] {
        if part.is_empty() {
            continue;
        }
        _ = writeln!(
            page,
            "<tbody><tr class=\"part\"><th colspan=\"{}\">{title}</th></tr>",
            Loss::ALL.len() + 3
        );
        for one in part {
            row(&mut page, one);
        }
        _ = writeln!(page, "</tbody>");
    }
    _ = writeln!(page, "</table></div>\n</section>\n</body>\n</html>");
    page
}

fn tiles(page: &mut String, summary: &Summary, all: usize) {
    _ = writeln!(page, "<ul class=\"tiles\">\n<li><b>{all}</b> rows</li>");
    for (word, count) in &summary.verdicts {
        _ = writeln!(page, "<li class=\"{}\"><b>{count}</b> {word}</li>", word.replace(' ', "-"));
    }
    _ = writeln!(page, "</ul>");
}

fn carries(page: &mut String, summary: &Summary) {
    let heavy = summary.heavy();
    if heavy.is_empty() {
        return;
    }
    let most =
        heavy.iter().flat_map(|(_, losses)| losses).map(|(_, count)| *count).max().unwrap_or(1);
    _ = writeln!(
        page,
        "<section>\n<h2>If one more thing is missing</h2>\n<p>So many rows have no way back then.</p>\n<div class=\"wide\"><table class=\"pieces\"><thead><tr><th></th>"
    );
    let losses = || Loss::ALL.iter().filter(|loss| **loss != Loss::Reboot);
    for loss in losses() {
        _ = writeln!(page, "<th>{}</th>", loss.title());
    }
    _ = writeln!(page, "</tr></thead><tbody>");
    for (piece, counts) in heavy {
        _ = write!(page, "<tr><th>{}</th>", escaped(piece));
        for loss in losses() {
            let count = counts.iter().find(|(of, _)| of == loss).map_or(0, |(_, count)| *count);
            let text = if count == 0 { String::new() } else { count.to_string() };
            _ = write!(page, "<td style=\"--part:{}%\">{text}</td>", count * 92 / most);
        }
        _ = writeln!(page, "</tr>");
    }
    _ = writeln!(page, "</tbody></table></div>\n</section>");
}

fn row(page: &mut String, row: &Row) {
    let (mark, word) = row.verdict.mark();
    let class = row.class.map_or_else(|| "undecided".to_owned(), |class| class.to_string());
    _ = write!(
        page,
        "<tr class=\"{}\"><td class=\"mark\" title=\"{word}\">{mark}</td><th><code>{}</code>",
        word.replace(' ', "-"),
        escaped(&row.name)
    );
    let place = row.kept.as_ref().map(|kept| format!("kept at {kept}"));
    let place = place.or_else(|| {
        row.path.clone().filter(|path| *path != row.name).map(|path| format!("at {path}"))
    });
    if let Some(place) = place {
        _ = write!(page, "<small>{}</small>", escaped(&place));
    }
    for reason in row.verdict.reasons() {
        _ = write!(page, "<small class=\"reason\">{}</small>", escaped(reason));
    }
    _ = write!(page, "</th><td class=\"class\">{class}</td>");
    for answer in &row.answers {
        cell(page, answer);
    }
    _ = writeln!(page, "</tr>");
}

fn cell(page: &mut String, answer: &Answer) {
    let (class, word) = match answer.end {
        End::Stays => ("stays", "stays"),
        End::Back => ("back", ""),
        End::ByHand => ("hand", "by hand"),
        End::Anew => ("anew", "made anew"),
        End::Gone => ("gone", "gone"),
    };
    _ = write!(page, "<td class=\"end {class}\">");
    let mut notes: Vec<String> = Vec::new();
    if let Some(data) = answer.data {
        _ = write!(page, "<b>−{}</b> ", age(data));
    }
    if !word.is_empty() {
        _ = write!(page, "<i>{word}</i> ");
    }
    if let Some(through) = &answer.through {
        let within = answer.time.map(|time| format!(", within {}", age(time))).unwrap_or_default();
        _ = write!(page, "<span>{}{within}</span>", escaped(through));
    }
    notes.extend(answer.then.iter().map(|then| format!("else {then}")));
    notes.extend(answer.first.iter().map(|first| format!("after {first}")));
    notes.extend(answer.breaks.iter().map(|piece| format!("needs {piece}")));
    notes.extend(answer.why.iter().cloned());
    if !notes.is_empty() {
        _ = write!(page, "<details><summary>more</summary><ul>");
        for note in notes {
            _ = write!(page, "<li>{}</li>", escaped(&note));
        }
        _ = write!(page, "</ul></details>");
    }
    _ = write!(page, "</td>");
}

/// Nothing of it is markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
