//! The rules of form: what makes a text unreadable as a program. Their faults mean exit code 2.

use crate::diagnostics::Rule;

pub(crate) const SYNTAX: Rule = Rule::error("VIL-F001", "The text is JSON or YAML 1.2, one document, UTF-8.");
pub(crate) const UNKNOWN_KEY: Rule = Rule::error("VIL-F002", "A node has only the keys that docs/ir.md lists for it.");
pub(crate) const MISSING_KEY: Rule = Rule::error("VIL-F003", "A node has every key that it cannot do without.");
pub(crate) const DUPLICATE: Rule = Rule::error("VIL-F004", "A key or a name stands once.");
pub(crate) const WRONG_FORM: Rule = Rule::error("VIL-F005", "A value has the form that its key asks for.");
pub(crate) const UNKNOWN_WORD: Rule = Rule::error("VIL-F006", "A word comes from the closed set of its key.");
pub(crate) const BAD_NAME: Rule = Rule::error(
    "VIL-F007",
    "A name is a letter, then letters, digits and `_`; a type's is no word of the type language.",
);
pub(crate) const UNKNOWN_TYPE: Rule = Rule::error("VIL-F008", "A type that is used is defined.");
pub(crate) const UNKNOWN_NAME: Rule = Rule::error("VIL-F009", "A node that is named exists.");
pub(crate) const UNKNOWN_PORT: Rule = Rule::error("VIL-F010", "A port that is named exists on its process.");
pub(crate) const UNREADABLE: Rule = Rule::error("VIL-F011", "A file that is named can be read.");
pub(crate) const IMPORT_CYCLE: Rule = Rule::error("VIL-F012", "Imports form no cycle.");
pub(crate) const BAD_TYPE: Rule = Rule::error("VIL-F013", "A type is written as docs/ir.md says.");
pub(crate) const TOO_BIG: Rule = Rule::error("VIL-F014", "A text keeps to the limits of depth and size.");
pub(crate) const BAD_NUMBER: Rule = Rule::error("VIL-F015", "A number fits its key.");
pub(crate) const NOT_IMPORTABLE: Rule =
    Rule::error("VIL-F016", "An imported file says nothing about the program as a whole.");

/// All rules of form.
pub const RULES: &[Rule] = &[
    SYNTAX,
    UNKNOWN_KEY,
    MISSING_KEY,
    DUPLICATE,
    WRONG_FORM,
    UNKNOWN_WORD,
    BAD_NAME,
    UNKNOWN_TYPE,
    UNKNOWN_NAME,
    UNKNOWN_PORT,
    UNREADABLE,
    IMPORT_CYCLE,
    BAD_TYPE,
    TOO_BIG,
    BAD_NUMBER,
    NOT_IMPORTABLE,
];
