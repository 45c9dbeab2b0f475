//! Text in pictures: how wide it is at most, and how each format writes it so that nothing in it is taken for more.

/// Letters of a text of any length that are drawn; more are cut off.
const MOST_LETTERS: usize = 60;

/// A text of any length as it is drawn: on one line and not too long.
pub(crate) fn shortened(text: &str) -> String {
    let mut letters = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = letters.by_ref().take(MOST_LETTERS).collect();
    if letters.next().is_some() {
        short.pop();
        short.push('…');
    }
    short
}

/// Width of a text in pixels, rounded up: no less than in the widest of the usual sans-serif fonts.
pub(crate) fn width(text: &str, size: i64, is_bold: bool) -> i64 {
    let thousandths: i64 = text.chars().map(letter_width).sum();
    let weight = if is_bold { 118 } else { 100 };
    (thousandths * size * weight + 99_999) / 100_000
}

/// Thousandths of the size of the font: the larger one of DejaVu Sans and Verdana, which are wider than others.
fn letter_width(letter: char) -> i64 {
    match letter {
        'i' | 'l' | '\'' => 300,
        ' ' | '.' | ',' | '·' | 'j' => 370,
        ':' | ';' | 'I' | '!' | '/' | '|' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' => 460,
        'm' | 'w' | 'M' | 'W' | '@' | '…' | '⇄' => 1000,
        '%' => 1080,
        'a'..='z' | '0'..='9' | '_' => 645,
        ' '..='~' => 800,
        '\u{80}'..='\u{24f}' => 850,
        _ => 1100,
    }
}

/// For XML and for the HTML-like labels of DOT: markup as references; what XML cannot hold as the replacement mark.
pub(crate) fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(letter),
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ if letter.is_control() => safe.push('\u{fffd}'),
            _ => safe.push(letter),
        }
    }
    safe
}

/// Inside of the quotes of Mermaid: whatever is no letter, digit or harmless mark by its number.
pub(crate) fn mermaid(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            _ if letter.is_control() => safe.push(' '),
            _ if letter.is_alphanumeric() || " _.,·×⇄…▲●■-".contains(letter) => safe.push(letter),
            _ => safe.push_str(&format!("#{};", u32::from(letter))),
        }
    }
    safe
}

/// Inside of the quotes of DOT.
pub(crate) fn dot(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => safe.push_str("\\n"),
            '"' | '\\' => safe.extend(['\\', letter]),
            // Graphviz reads references in all its texts.
            '&' => safe.push_str("&amp;"),
            _ if letter.is_control() => safe.push(' '),
            _ => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{dot, mermaid, shortened, width, xml};

    #[test]
    fn what_means_more_to_a_format_is_written_so_that_it_does_not() {
        assert_eq!(xml("<a b=\"c\">&'\u{1}"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;\u{fffd}");
        assert_eq!(mermaid("a\"b]\n#|end"), "a#34;b#93; #35;#124;end");
        assert_eq!(dot("say \"no\\\"\n&lt;"), "say \\\"no\\\\\\\"\\n&amp;lt;");
    }

    #[test]
    fn a_text_of_any_length_is_cut_where_the_picture_ends() {
        assert_eq!(shortened("short\nbut two lines"), "short but two lines");
        assert_eq!(shortened(&"x".repeat(61)).chars().count(), 60);
    }

    #[test]
    fn wide_letters_and_bold_ones_take_more_room() {
        assert!(width("mmm", 10, false) > width("iii", 10, false));
        assert!(width("abc", 10, true) > width("abc", 10, false));
        assert_eq!(width("", 10, true), 0);
    }
}
