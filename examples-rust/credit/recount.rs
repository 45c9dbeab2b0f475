//! The second opinion: counts the same input with a splitter and a scanner of its own, so that a mistake in the
//! pipeline's reading does not vouch for itself. Shares nothing with `lines` and `parse` but the rules; fed in pieces,
//! because stdin is counted while it is passed on. A byte-wise scanner, because every ready parser tried refuses some
//! line that the rules allow (depth, long numbers, lone surrogates in what is ignored).
//! Never holds more than one line, never recurses.

use std::ops::Range;

use crate::totals::Totals;

/// Bytes of a line that are kept; one more says that it is too long.
const LONGEST: usize = 1_048_576;

/// Counts a stream that is fed in pieces.
#[derive(Debug, Default)]
pub struct Recount {
    totals: Totals,
    /// Lines ended so far.
    line: u64,
    /// The current line so far, its CR included, at most `LONGEST + 2` bytes.
    kept: Vec<u8>,
    /// What was not kept of it.
    dropped: Dropped,
    /// Bytes matched of the byte order mark that may stand at the start; all three when the start is over.
    mark: usize,
}

/// The part of a line behind what is kept.
#[derive(Debug, Default)]
struct Dropped {
    any: bool,
    /// A byte other than space and tab was among it; a CR at its end is not counted yet.
    ink: bool,
    carriage: bool,
}

const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

impl Recount {
    /// Takes the next piece; calls `seen(good, offset)` behind every good line, `offset` bytes into the piece.
    pub fn feed(&mut self, piece: &[u8], mut seen: impl FnMut(u64, usize)) {
        let mut rest = self.skip_mark(piece);
        while let Some(at) = memchr::memchr(b'\n', rest) {
            self.keep(&rest[..at]);
            rest = &rest[at + 1..];
            if self.end_line(true) {
                seen(self.totals.records, piece.len() - rest.len());
            }
        }
        self.keep(rest);
    }

    /// Ends the stream; a last line without an end counts.
    pub fn finish(mut self) -> Totals {
        if self.mark < MARK.len() {
            self.keep(&MARK[..self.mark]);
        }
        if !self.kept.is_empty() {
            self.end_line(false);
        }
        self.totals
    }

    /// Skips a mark at the very start; what only began like one goes into the line.
    fn skip_mark<'a>(&mut self, mut piece: &'a [u8]) -> &'a [u8] {
        while self.mark < MARK.len() {
            let Some((first, rest)) = piece.split_first() else { break };
            if *first != MARK[self.mark] {
                self.keep(&MARK[..self.mark]);
                self.mark = MARK.len();
                break;
            }
            (self.mark, piece) = (self.mark + 1, rest);
        }
        piece
    }

    fn keep(&mut self, part: &[u8]) {
        let room = part.len().min(LONGEST + 2 - self.kept.len());
        self.kept.extend_from_slice(&part[..room]);
        for byte in &part[room..] {
            self.dropped.any = true;
            self.dropped.ink |= self.dropped.carriage || !matches!(byte, b' ' | b'\t' | b'\r');
            self.dropped.carriage = *byte == b'\r';
        }
    }

    /// Judges the line; true when it is good.
    fn end_line(&mut self, ended: bool) -> bool {
        self.line += 1;
        let dropped = std::mem::take(&mut self.dropped);
        if ended && !dropped.any && self.kept.last() == Some(&b'\r') {
            self.kept.pop();
        }
        let ink = dropped.ink || (dropped.carriage && !ended) || self.kept.iter().any(|byte| !b" \t".contains(byte));
        let fits = !dropped.any && self.kept.len() <= LONGEST;
        let found = if ink && fits { record(&self.kept) } else { None };
        match found {
            Some((amount, kol, branch)) => self.totals.add_record(amount, kol, branch),
            None if ink => self.totals.add_malformed(self.line),
            None => {}
        }
        self.kept.clear();
        found.is_some()
    }
}

/// Amount, kol and branch of a good line.
fn record(line: &[u8]) -> Option<(f64, u8, [u8; 16])> {
    std::str::from_utf8(line).ok()?;
    let mut scan = Scan { line, at: 0 };
    let mut found: [Option<Range<usize>>; 4] = [const { None }; 4];
    scan.blank();
    scan.eat(b'{').then_some(())?;
    scan.blank();
    if !scan.eat(b'}') {
        loop {
            let key = scan.member()?;
            let value = scan.value()?;
            if let Some(place) = which(&line[key]) {
                if found[place].is_some() {
                    return None;
                }
                found[place] = Some(value);
            }
            scan.blank();
            if scan.eat(b'}') {
                break;
            }
            scan.eat(b',').then_some(())?;
            scan.blank();
        }
    }
    scan.blank();
    if scan.at != line.len() {
        return None;
    }
    let [id, amount, kol, branch] = found;
    let text = |span: Option<Range<usize>>| span.and_then(|span| std::str::from_utf8(&line[span]).ok());
    let id = text(id)?;
    if !id.bytes().all(|byte| byte.is_ascii_digit()) || id.parse::<u64>().is_err() {
        return None;
    }
    let kol = match text(kol)?.as_bytes() {
        [digit @ b'1'..=b'5'] => digit - b'0',
        _ => return None,
    };
    let amount = text(amount)?;
    if !matches!(amount.as_bytes()[0], b'-' | b'0'..=b'9') {
        return None;
    }
    let amount: f64 = amount.parse().ok()?;
    let branch = decode(text(branch)?.strip_prefix('"')?.strip_suffix('"')?.as_bytes())?;
    if !amount.is_finite() || branch.len() > 16 || branch.contains(&0) {
        return None;
    }
    let mut padded = [0; 16];
    padded[..branch.len()].copy_from_slice(&branch);
    Some((amount, kol, padded))
}

/// The place of a quoted key among the four.
fn which(quoted: &[u8]) -> Option<usize> {
    let key = decode(&quoted[1..quoted.len() - 1])?;
    [&b"id"[..], b"amount", b"kol", b"branch"].iter().position(|name| *name == key)
}

/// The text of a string that was scanned before; `None` when it holds half a surrogate pair.
fn decode(inner: &[u8]) -> Option<Vec<u8>> {
    let mut units = Vec::with_capacity(inner.len());
    let mut rest = std::str::from_utf8(inner).ok()?.chars();
    while let Some(next) = rest.next() {
        let unit = match next {
            '\\' => match rest.next()? {
                'u' => {
                    let digits: Option<u32> = (0..4).try_fold(0, |sum, _| Some(sum * 16 + rest.next()?.to_digit(16)?));
                    digits? as u16
                }
                'b' => 8,
                't' => 9,
                'n' => 10,
                'f' => 12,
                'r' => 13,
                plain => plain as u16,
            },
            plain => {
                units.extend_from_slice(plain.encode_utf16(&mut [0; 2]));
                continue;
            }
        };
        units.push(unit);
    }
    String::from_utf16(&units).ok().map(String::into_bytes)
}

/// Walks over JSON text and answers `None` where the grammar is broken.
struct Scan<'a> {
    line: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.line.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// A key and its colon; the key's span, quotes included.
    fn member(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        self.string()?;
        let span = start..self.at;
        self.blank();
        self.eat(b':').then_some(span)
    }

    /// Any value; its span.
    fn value(&mut self) -> Option<Range<usize>> {
        self.blank();
        let start = self.at;
        let mut closers = Vec::new();
        loop {
            self.blank();
            match self.peek()? {
                opener @ (b'[' | b'{') => {
                    let closer = opener + 2;
                    self.at += 1;
                    self.blank();
                    if !self.eat(closer) {
                        closers.push(closer);
                        if closer == b'}' {
                            self.member()?;
                        }
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => self.number()?,
            }
            if self.close(&mut closers)? {
                return Some(start..self.at);
            }
        }
    }

    /// Behind a value: closes what ends here. True when nothing is open any more, false when a value follows.
    fn close(&mut self, closers: &mut Vec<u8>) -> Option<bool> {
        while let Some(&closer) = closers.last() {
            self.blank();
            if self.eat(closer) {
                closers.pop();
                continue;
            }
            self.eat(b',').then_some(())?;
            if closer == b'}' {
                self.blank();
                self.member()?;
            }
            return Some(false);
        }
        Some(true)
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.line[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn string(&mut self) -> Option<()> {
        self.eat(b'"').then_some(())?;
        loop {
            let byte = self.peek()?;
            self.at += 1;
            match byte {
                b'"' => return Some(()),
                b'\\' => self.escape()?,
                0..=31 => return None,
                _ => {}
            }
        }
    }

    fn escape(&mut self) -> Option<()> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'u' => {
                let digits = self.line.get(self.at..self.at + 4)?;
                self.at += 4;
                digits.iter().all(u8::is_ascii_hexdigit).then_some(())
            }
            _ => br#""\/bfnrt"#.contains(&byte).then_some(()),
        }
    }

    fn number(&mut self) -> Option<()> {
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Some(())
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }
}
