//! The machine that was measured, in one line: processor, kernel, and the two processors used. No name, no address.

use std::fs::read_to_string;

use vil_bench::cores::Cores;

/// Said beside every report.
pub(crate) fn line(cores: Cores) -> String {
    let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let lent = if field(&cpu, "flags").is_some_and(is_lent) { ", a virtual machine" } else { "" };
    let model = field(&cpu, "model name").unwrap_or(std::env::consts::ARCH);
    let count = vil_bench::cores::allowed().len();
    format!("{model}{lent}; Linux {}; processors {} and {} of {count}", kernel.trim(), cores.a, cores.b)
}

/// The value of `name\t: value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = text.lines().find(|line| line.starts_with(name))?.split_once(':')?;
    Some(value.trim())
}

fn is_lent(flags: &str) -> bool {
    flags.split(' ').any(|flag| flag == "hypervisor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t\t: fpu hypervisor\n";
        assert_eq!(field(text, "model name"), Some("Some CPU @ 2 GHz"));
        assert!(field(text, "flags").is_some_and(is_lent) && field(text, "bogomips").is_none());
    }

    #[test]
    fn this_machine_is_said_in_one_line() {
        let line = line(Cores { a: 0, b: 1 });
        assert!(line.contains("Linux") && line.contains("processors 0 and 1") && !line.contains('\n'), "{line}");
    }
}
