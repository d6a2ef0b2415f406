//! Keys of templates of messages.

use std::collections::BTreeSet;

use declared::Table;

use super::Read;
use crate::notify::{Event, Priority, Template, Text};
use crate::spec::{Code, Spec};

impl Read {
    pub(super) fn notifications(&mut self, top: &mut Table<'_>, spec: &mut Spec) {
        for entry in self.entries(top, "notifications") {
            let Some(mut table) = self.reader.table(&entry) else { continue };
            let priority = "write emergency, high, normal, low or silent";
            let found = self.reader.required(&mut table, "priority", priority);
            let priority = found.and_then(|entry| self.reader.parsed::<Priority>(&entry, priority));
            let mut text = |key| {
                let remedy = "write a text; a variable is ${name}, and a `$` by itself is $$";
                let entry = self.reader.required(&mut table, key, remedy)?;
                self.reader.parsed::<Text>(&entry, remedy)
            };
            let (title, body) = (text("title"), text("body"));
            let variables = table.take("variables").map(|entry| {
                self.reader
                    .parsed_list::<String>(&entry, "write the names of the variables that it uses")
            });
            let known: Vec<(&'static str, Event)> =
                Event::ALL.iter().map(|event| (event.as_str(), *event)).collect();
            let listed =
                table.take("events").map(|list| self.reader.list(&list)).unwrap_or_default();
            let mut events = Vec::new();
            for entry in listed {
                let Some(event) = self.reader.word(&entry, &known) else { continue };
                events.push(event);
                if let Some(other) = spec.notifications.routes.get(&event) {
                    let what = format!("the event `{event}` is told by `{other}` already");
                    self.reader.report(&entry, Code::Notification, what, "keep one of the two");
                }
            }
            self.reader.finish(&table);
            let (Some(priority), Some(title), Some(body)) = (priority, title, body) else {
                continue;
            };
            let variables: BTreeSet<String> = variables.unwrap_or_default().into_iter().collect();
            let template = Template { priority, title, body, variables };
            for event in events {
                spec.notifications.route(event, entry.key);
            }
            spec.notifications.templates.insert(entry.key.to_owned(), template);
        }
    }
}
