//! JSON as tools read it: objects and lists that are put together in order, on one line.

/// An object under construction.
#[derive(Debug, Default)]
pub(crate) struct Object(String);

impl Object {
    /// With a member that is JSON already.
    pub(crate) fn raw(mut self, key: &str, value: impl AsRef<str>) -> Object {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value.as_ref());
        self
    }

    /// With a text.
    pub(crate) fn text(self, key: &str, value: &str) -> Object {
        self.raw(key, quoted(value))
    }

    /// With a number or a flag.
    pub(crate) fn plain(self, key: &str, value: impl ToString) -> Object {
        self.raw(key, value.to_string())
    }

    /// With a list of JSON values.
    pub(crate) fn list(self, key: &str, values: impl IntoIterator<Item = String>) -> Object {
        self.raw(key, list(values))
    }

    /// The whole of it.
    pub(crate) fn end(self) -> String {
        format!("{{{}}}", self.0)
    }
}

/// A list of JSON values.
pub(crate) fn list(values: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", values.into_iter().collect::<Vec<_>>().join(","))
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for next in text.chars() {
        match next {
            '"' | '\\' => out.extend(['\\', next]),
            control if control.is_control() => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_and_members_keep_their_order() {
        let made = Object::default()
            .text("b", "x\"\\\n")
            .plain("a", 7)
            .list("l", [quoted("é\u{7f}\u{9b}31m"), "true".to_owned()]);
        assert_eq!(made.end(), "{\"b\":\"x\\\"\\\\\\u000a\",\"a\":7,\"l\":[\"é\\u007f\\u009b31m\",true]}");
        assert_eq!(Object::default().end(), "{}");
    }
}
