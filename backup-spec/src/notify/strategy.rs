//! Templates for property tests.

use proptest::prelude::*;

use super::{Event, Notifications, PRIORITIES, Template, Text};

/// A text whose variables are among these.
pub fn text(variables: &'static [&'static str]) -> impl Strategy<Value = Text> {
    let literal = "[a-z{}()$ é]{0,6}".prop_map(|literal| literal.replace('$', "$$"));
    let variable = prop::sample::select(variables).prop_map(|name| format!("${{{name}}}"));
    let part = prop_oneof![literal, variable];
    proptest::collection::vec(part, 0..6)
        .prop_filter_map("no template", |parts| parts.concat().parse().ok())
}

/// A template that tells an event, and passes every check.
pub fn template(event: Event) -> impl Strategy<Value = Template> {
    let title =
        text(event.provides()).prop_map(|title| format!("!{title}").parse().unwrap_or(title));
    (prop::sample::select(&PRIORITIES[..]), title, text(event.provides())).prop_map(
        |(priority, title, body)| {
            let mut template = Template { priority, title, body, variables: [].into() };
            template.variables = template.used().map(str::to_owned).collect();
            template
        },
    )
}

/// A template for every event.
pub fn notifications() -> impl Strategy<Value = Notifications> {
    let each: Vec<_> = Event::ALL.iter().map(|event| template(*event)).collect();
    each.prop_map(|templates| {
        let mut notifications = Notifications::default();
        for (event, template) in Event::ALL.iter().zip(templates) {
            notifications.templates.insert(event.to_string(), template);
            notifications.route(*event, event.to_string());
        }
        notifications
    })
}
