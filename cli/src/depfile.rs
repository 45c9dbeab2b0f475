//! The dependency file of `vil gen`: which files were written and what they were made from, as make, Ninja and CMake read it.
//! Pure text; never reads or writes a file.

use std::path::Path;

/// One rule: all `outputs` depend on all `inputs`, one path a line.
///
/// # Errors
///
/// A sentence, where a path has a line end, ends with a backslash or is not UTF-8: the syntax cannot say it.
pub(crate) fn text<'p>(
    outputs: impl IntoIterator<Item = &'p Path>,
    inputs: impl IntoIterator<Item = &'p Path>,
) -> Result<String, String> {
    let outputs = outputs.into_iter().map(escape).collect::<Result<Vec<_>, _>>()?;
    let inputs = inputs.into_iter().map(escape).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("{}: \\\n  {}\n", outputs.join(" \\\n"), inputs.join(" \\\n  ")))
}

/// As GCC writes it: `$` twice, a backslash before `#`, `:` and blanks, and backslashes that stand before a blank twice.
fn escape(path: &Path) -> Result<String, String> {
    let sayable = path.to_str().filter(|plain| !plain.contains(['\n', '\r']) && !plain.ends_with('\\'));
    let plain = sayable.ok_or_else(|| format!("a dependency file cannot name {path:?}"))?;
    let mut escaped = String::with_capacity(plain.len());
    let mut backslashes = 0;
    for letter in plain.chars() {
        match letter {
            ' ' | '\t' => escaped.push_str(&"\\".repeat(backslashes + 1)),
            '#' | ':' => escaped.push('\\'),
            '$' => escaped.push('$'),
            _ => {}
        }
        backslashes = if letter == '\\' { backslashes + 1 } else { 0 };
        escaped.push(letter);
    }
    Ok(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_stands_before_the_colon_and_every_input_behind_it() {
        let outputs = [Path::new("gen/a.h"), Path::new("gen/b.h")];
        let written = text(outputs, [Path::new("a.yaml"), Path::new("sub/types.yaml")]);
        assert_eq!(written.as_deref(), Ok("gen/a.h \\\ngen/b.h: \\\n  a.yaml \\\n  sub/types.yaml\n"));
    }

    #[test]
    fn what_make_would_take_for_its_own_is_escaped() {
        let cases = [
            ("plain/a.yaml", "plain/a.yaml"),
            ("my programs/a.yaml", "my\\ programs/a.yaml"),
            ("tab\there", "tab\\\there"),
            ("no#1.yaml", "no\\#1.yaml"),
            ("cash$flow.yaml", "cash$$flow.yaml"),
            ("back\\slash", "back\\slash"),
            ("back\\ slash", "back\\\\\\ slash"),
            ("10:30.yaml", "10\\:30.yaml"),
        ];
        for (path, expected) in cases {
            assert_eq!(escape(Path::new(path)).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_path_that_the_syntax_cannot_say_is_refused() {
        assert_eq!(escape(Path::new("a\nb")), Err("a dependency file cannot name \"a\\nb\"".to_owned()));
        assert!(escape(Path::new("a\\")).is_err());
        assert!(text([Path::new("a.h")], [Path::new("a\rb")]).is_err());
    }
}
