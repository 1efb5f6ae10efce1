//! PHPMailer.

use super::program::{Program, Trial};
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "phpmailer",
    about: "a script for PHP that sends a mail",
    protocols: &[Protocol::Smtp],
    place: "A script of its own, beside the folder vendor of Composer.",
    needs: "PHP 7.4 or newer, and PHPMailer 6.6, or 6.11 where the server takes no long token in the line with AUTH (Postfix takes 2,048 bytes)",
    tried: Trial::ByTests("PHPMailer 6.6.3"),
    comment: "//",
    opening: "<?php\n",
    write,
};

/// A text of PHP in single quotes, in which only the quote and the backslash mean something.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"))
}

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some(server) = target.sends else { return Ok(String::new()) };
    let command: Vec<String> = target.token_as("xoauth2").iter().map(|word| text(word)).collect();
    let ca = target.ca().map(|ca| format!("$mail->SMTPOptions = ['ssl' => ['cafile' => {}]];\n", text(ca)));
    let encryption = if is_implicit(server) { "ENCRYPTION_SMTPS" } else { "ENCRYPTION_STARTTLS" };
    let user = text(target.user());
    Ok(format!(
        "require __DIR__ . '/vendor/autoload.php';

use PHPMailer\\PHPMailer\\OAuthTokenProvider;
use PHPMailer\\PHPMailer\\PHPMailer;

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = {};
$mail->Port = {};
$mail->SMTPSecure = PHPMailer::{encryption};
{}$mail->SMTPAuth = true;
$mail->AuthType = 'XOAUTH2';
$mail->setOAuth(new class implements OAuthTokenProvider {{
    public function getOauth64()
    {{
        $process = proc_open([{}], [1 => ['pipe', 'w']], $pipes);
        $response = trim(stream_get_contents($pipes[1]));
        if (proc_close($process) !== 0) {{
            throw new RuntimeException('mailgrant has no token');
        }}
        return $response;
    }}
}});
$mail->setFrom({user});
$mail->addAddress({user});
$mail->Subject = 'Sent by PHPMailer';
$mail->Body = 'With a token of mailgrant.';
$mail->send();
",
        text(server.host.as_str()),
        server.port,
        ca.unwrap_or_default(),
        command.join(", "),
    ))
}
