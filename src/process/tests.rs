use super::*;

const LIMIT: usize = 64 * 1024;

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn ask(words: &[&str], stdin: Option<&str>, within: Duration) -> Result<String, ProcessFault> {
    let argv = argv(words);
    let stdin = stdin.map(|text| Zeroizing::new(text.as_bytes().to_vec()));
    let program = Program { argv: &argv, stdin, deadline: Instant::now() + within, limit: LIMIT, hidden: &[] };
    run(program).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

fn shell(script: &str) -> Result<String, ProcessFault> {
    ask(&["/bin/sh", "-c", script], None, Duration::from_secs(20))
}

#[test]
fn what_a_program_writes_comes_back_as_it_is() {
    assert_eq!(shell("printf 'a\\n\\nb'; echo words >&2").unwrap(), "a\n\nb");
    assert_eq!(shell("true").unwrap(), "");
    // As many bytes as it may write, and not one fewer.
    assert_eq!(shell(&format!("head -c {LIMIT} /dev/zero")).unwrap().len(), LIMIT);
}

#[test]
fn arguments_and_input_reach_it_without_a_shell() {
    assert_eq!(ask(&["printf", "%s", "$HOME;`id`"], None, Duration::from_secs(20)).unwrap(), "$HOME;`id`");
    let large = "x".repeat(LIMIT);
    assert_eq!(ask(&["cat"], Some(&large), Duration::from_secs(20)).unwrap(), large);
    // A program that does not read its input is not waited for, and does no harm.
    assert_eq!(
        ask(&["echo", "ready"], Some(&"x".repeat(4 * 1024 * 1024)), Duration::from_secs(20)).unwrap(),
        "ready\n"
    );
}

#[test]
fn a_program_that_hangs_is_ended_with_all_that_it_has_started() {
    let folder = tempfile::tempdir().unwrap();
    let sign = folder.path().join("alive");
    let script = format!("(sleep 2; touch {0}) & sleep 30", sign.display());
    let start = Instant::now();
    let fault = ask(&["/bin/sh", "-c", &script], None, Duration::from_millis(300)).unwrap_err();
    assert!(matches!(fault, ProcessFault::TimedOut { after } if after >= Duration::from_millis(300)), "{fault:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
    thread::sleep(Duration::from_secs(3));
    assert!(!sign.exists(), "what it had started went on");
}

#[test]
fn what_it_leaves_running_is_not_waited_for() {
    let start = Instant::now();
    assert_eq!(shell("echo ready; sleep 15 &").unwrap(), "ready\n");
    assert!(matches!(shell("echo no >&2; sleep 15 & exit 4"), Err(ProcessFault::Failed { status: Some(4), .. })));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_gigabyte_is_ended_at_the_limit() {
    let fault = shell("head -c 1000000000 /dev/zero; sleep 30").unwrap_err();
    assert_eq!(fault, ProcessFault::TooLong { limit: LIMIT });
    assert_eq!(shell(&format!("head -c {} /dev/zero", LIMIT + 1)).unwrap_err(), ProcessFault::TooLong { limit: LIMIT });
    // Of what it says to people, more than is read does not stop it.
    assert_eq!(shell("head -c 1000000 /dev/zero >&2; echo done").unwrap(), "done\n");
}

#[test]
fn how_it_failed_is_told_without_what_it_was_given() {
    // Nothing about its shape tells that it is a secret.
    let given = "correct horse battery staple";
    let fault =
        ask(&["/bin/sh", "-c", "read it; echo >&2; echo \"no $it\" >&2; exit 7"], Some(given), Duration::from_secs(20));
    let Err(ProcessFault::Failed { status: Some(7), words }) = fault else { panic!("{fault:?}") };
    assert!(words.as_str().starts_with("no ") && !words.as_str().contains(given), "{words}");
    let Err(ProcessFault::Failed { status: None, .. }) = shell("kill -9 $$") else { panic!("it was not a signal") };
    let fault = ask(&["/nowhere/mailgrant-store"], None, Duration::from_secs(20));
    assert!(matches!(fault, Err(ProcessFault::NotStarted { is_absent: true, .. })), "{fault:?}");
    let fault = ask(&["/dev/null"], None, Duration::from_secs(20));
    assert!(matches!(fault, Err(ProcessFault::NotStarted { is_absent: false, .. })), "{fault:?}");
}

#[test]
fn named_variables_are_not_handed_on() {
    let names = std::env::vars().map(|(name, _)| name).filter(|name| name == "PATH").collect::<Vec<_>>();
    assert_eq!(names, ["PATH"], "the test needs a variable that is there");
    let argv = argv(&["/bin/sh", "-c", "/usr/bin/env"]);
    let deadline = Instant::now() + Duration::from_secs(20);
    let env = run(Program { argv: &argv, stdin: None, deadline, limit: LIMIT, hidden: &["PATH"] }).unwrap();
    let env = String::from_utf8_lossy(&env).into_owned();
    assert!(
        env.contains("PWD=") && !env.lines().any(|line| line == format!("PATH={}", std::env::var("PATH").unwrap()))
    );
}
