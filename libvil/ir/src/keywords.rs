//! How declared names become identifiers, and which identifiers no language may be given.
//!
//! One rule for all target languages, so that a field is called the same in C, C++ and Rust, and so that the AbiProfile
//! pass judges the very names that the generator prints: split into words, join in the target's case, and put one
//! underscore behind what some language keeps for itself. Never answers a name with two underscores in a row, but for
//! what a caller joins.

/// Keywords of C, to C23.
const C: &str = "auto break case char const continue default do double else enum extern float for goto if inline int long \
    register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while \
    alignas alignof bool constexpr false nullptr static_assert thread_local true typeof typeof_unqual asm noreturn";

/// Keywords of C++, to C++26, with the words that stand for operators.
const CPP: &str = "alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case \
    catch char char8_t char16_t char32_t class compl concept const consteval constexpr constinit const_cast \
    continue co_await co_return co_yield decltype default delete do double dynamic_cast else enum explicit export \
    extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr \
    operator or or_eq private protected public reflexpr register reinterpret_cast requires return short signed \
    sizeof static static_assert static_cast struct switch synchronized template this thread_local throw true try \
    typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq contract_assert \
    final override";

/// Keywords of Rust, to the 2024 edition and those it reserves, and names of its prelude that generated code calls.
const RUST: &str = "as async await break const continue crate dyn else enum extern false fn for gen if impl in let loop match mod \
    move mut pub ref return self Self static struct super trait true type unsafe use where while abstract become \
    box do final macro override priv try typeof unsized virtual yield union auto default \
    Ok Err Some None";

/// Names that standard headers define as macros (a field `errno` would be replaced by the preprocessor), and the integer
/// types that generated code spells.
const HEADERS: &str = "errno stdin stdout stderr assert offsetof setjmp va_arg va_start va_end va_copy complex imaginary linux unix \
    i386 isnan isinf signbit isfinite isnormal fpclassify isgreater isless isunordered st_atime st_mtime st_ctime \
    si_pid si_uid si_addr si_value si_status si_fd si_band sa_handler sa_sigaction s6_addr sigmask major minor \
    makedev int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t ptrdiff_t";

/// Whether some target language keeps this word for itself, so that it cannot stand alone as an identifier.
pub fn is_reserved(word: &str) -> bool {
    may_be_reserved(word.as_bytes()) && is_listed(word)
}

fn is_listed(word: &str) -> bool {
    [C, CPP, RUST, HEADERS].iter().any(|words| words.split_ascii_whitespace().any(|reserved| reserved == word))
}

/// Which mixtures of length, first and last letter some reserved word has. Nearly no other name has one of them, and so
/// the lists are not walked for each name of a program.
const MIXTURES: [u64; 64] = mixtures();

const fn mixture(length: usize, first: u8, last: u8) -> usize {
    (length * 331 + first as usize * 37 + last as usize) % 4096
}

const fn mixtures() -> [u64; 64] {
    let (mut table, mut list) = ([0; 64], 0);
    while list < 4 {
        let words = [C, CPP, RUST, HEADERS][list].as_bytes();
        let (mut start, mut at) = (0, 0);
        while at <= words.len() {
            if at == words.len() || words[at] == b' ' {
                if at > start {
                    let bit = mixture(at - start, words[start], words[at - 1]);
                    table[bit / 64] |= 1 << (bit % 64);
                }
                start = at + 1;
            }
            at += 1;
        }
        list += 1;
    }
    table
}

fn may_be_reserved(word: &[u8]) -> bool {
    let [first, .., last] = *word else { return word.len() == 1 };
    let bit = mixture(word.len(), first, last);
    MIXTURES[bit / 64] >> (bit % 64) & 1 == 1
}

/// The word, with one trailing underscore if it is reserved.
pub fn escape(word: &str) -> String {
    if is_reserved(word) { format!("{word}_") } else { word.to_owned() }
}

/// The words of a declared name in lower case: `IngestFault`, `ingest_fault` and `ingestFault` have the same two.
///
/// A word begins behind an underscore, at a capital behind a small letter or a digit, and at the last capital of several
/// when a small letter follows (`HTTPServer` is `http`, `server`).
pub fn words(name: &str) -> Vec<String> {
    let characters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    for (index, &character) in characters.iter().enumerate() {
        if character == '_' {
            fresh = true;
            continue;
        }
        if fresh || begins_word(&characters, index) {
            words.push(String::new());
        }
        fresh = false;
        if let Some(word) = words.last_mut() {
            word.push(character.to_ascii_lowercase());
        }
    }
    words
}

fn begins_word(characters: &[char], index: usize) -> bool {
    let Some(before) = index.checked_sub(1).and_then(|before| characters.get(before)) else { return true };
    let small_follows = characters.get(index + 1).is_some_and(|after| after.is_ascii_lowercase());
    characters[index].is_ascii_uppercase() && (!before.is_ascii_uppercase() || small_follows)
}

/// `IngestFault` as `ingest_fault`; not escaped.
pub fn snake(name: &str) -> String {
    words(name).join("_")
}

/// `ingest_fault` as `INGEST_FAULT`; no upper-case word is reserved.
pub fn upper(name: &str) -> String {
    snake(name).to_ascii_uppercase()
}

/// `ingest_fault` as `IngestFault`; not escaped.
pub fn camel(name: &str) -> String {
    let capital = |word: String| match word.split_at_checked(1) {
        Some((first, rest)) => first.to_ascii_uppercase() + rest,
        None => word,
    };
    words(name).into_iter().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_every_way_of_writing_a_name() {
        for name in ["IngestFault", "ingest_fault", "ingestFault", "INGEST_FAULT", "ingest__fault_"] {
            assert_eq!(snake(name), "ingest_fault", "{name}");
            assert_eq!(camel(name), "IngestFault", "{name}");
            assert_eq!(upper(name), "INGEST_FAULT", "{name}");
        }
        assert_eq!(snake("HTTPServer2Go"), "http_server2_go");
        assert_eq!(camel("x_1"), "X1");
        assert_eq!(snake("A"), "a");
    }

    #[test]
    fn a_look_at_length_first_and_last_letter_misses_no_reserved_word_and_spares_most_others() {
        for word in [C, CPP, RUST, HEADERS].iter().flat_map(|words| words.split_ascii_whitespace()) {
            assert!(is_reserved(word), "{word}");
        }
        let names = (0..1000).map(|number| format!("field_{number}"));
        assert!(names.filter(|name| may_be_reserved(name.as_bytes())).count() < 200);
        assert!(!is_reserved("") && !is_reserved("x"));
    }

    #[test]
    fn what_a_language_keeps_for_itself_gets_one_underscore() {
        for word in ["class", "match", "restrict", "co_await", "errno", "yield", "Self", "gen"] {
            assert_eq!(escape(word), format!("{word}_"));
        }
        assert_eq!(escape("line"), "line");
        assert_eq!(escape("Class"), "Class");
    }
}
