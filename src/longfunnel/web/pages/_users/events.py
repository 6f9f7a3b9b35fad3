"""What the audit log's codes say, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from longfunnel.app.access.rights import SCOPES
from longfunnel.core.text import Text
from longfunnel.reports import reports
from longfunnel.web.pages._settings.nav import SECTIONS

if TYPE_CHECKING:
    from longfunnel.core.settings import Language
    from longfunnel.state import AuditEntry

EVENTS: dict[str, Text] = {
    "welcome": Text("Became the first owner", "Стал первым владельцем"),
    "sign_in": Text("Signed in", "Вход"),
    "sign_in_recovery": Text("Signed in with a recovery code", "Вход по коду восстановления"),
    "ready_link": Text("Signed in by the printed link", "Вход по напечатанной ссылке"),
    "sign_in_refused": Text("Was refused: wrong address or password", "Отказ во входе: почта или пароль не подошли"),
    "second_factor_refused": Text("Was refused: wrong code", "Отказ во входе: код не подошёл"),
    "sign_out": Text("Signed out", "Выход"),
    "session_ended": Text("Signed out another browser", "Закрыт сеанс в другом браузере"),
    "sessions_ended": Text("Signed out everywhere else", "Закрыты сеансы во всех других браузерах"),
    "profile_changed": Text("Changed their own name or address", "Изменены своё имя или почта"),
    "password_changed": Text("Changed the password", "Изменён пароль"),
    "password_reset": Text("Set a password by a link", "Пароль задан по ссылке"),
    "reset_link_made": Text("Made a link to a password", "Создана ссылка на пароль"),
    "second_factor_on": Text("Turned the second factor on", "Включён второй фактор"),
    "second_factor_off": Text("Turned the second factor off", "Выключен второй фактор"),
    "recovery_codes_made": Text("Made new recovery codes", "Созданы новые коды восстановления"),
    "token_made": Text("Made a token", "Создан токен"),
    "token_revoked": Text("Revoked a token", "Отозван токен"),
    "shared": Text("Shared a link", "Открыта ссылка"),
    "share_revoked": Text("Closed a shared link", "Закрыта открытая ссылка"),
    "user_added": Text("Invited a user", "Приглашён пользователь"),
    "user_role": Text("Changed a role", "Изменена роль"),
    "user_disable": Text("Closed an account", "Закрыт доступ"),
    "user_enable": Text("Opened an account again", "Возвращён доступ"),
    "user_sign_out": Text("Signed a user out everywhere", "Закрыты сеансы пользователя"),
    "user_totp_off": Text("Turned off a user's second factor", "Выключен второй фактор пользователя"),
    "audit_exported": Text("Downloaded this log", "Выгружен этот журнал"),
    "settings_changed": Text("Changed settings", "Изменены настройки"),
    "export": Text("Downloaded a report", "Выгружен отчёт"),
    "write_back_added": Text("Set up sending back", "Настроена отправка обратно"),
    "write_back_changed": Text("Changed sending back", "Изменена отправка обратно"),
    "write_back_removed": Text("Deleted a sending back", "Удалена отправка обратно"),
    "write_back_sent": Text("Sent values into a system", "Значения отправлены в систему"),
    "write_back_undone": Text("Took back sent values", "Отправленные значения отменены"),
    "source_changed": Text("Changed a source", "Изменён источник"),
    "source_removed": Text("Removed a source", "Убран источник"),
    "view_saved": Text("Saved a view", "Сохранён вид"),
    "view_removed": Text("Took a view away", "Удалён вид"),
    "subscription_added": Text("Set up a report by e-mail", "Настроен отчёт на почту"),
    "subscription_changed": Text("Changed a report by e-mail", "Изменён отчёт на почту"),
    "subscription_test": Text("Sent a report to themselves", "Отчёт отправлен себе на пробу"),
    "subscription_send": Text("Sent a report now", "Отчёт отправлен сейчас"),
    "subscription_pause": Text("Paused a report by e-mail", "Приостановлен отчёт на почту"),
    "subscription_resume": Text("Resumed a report by e-mail", "Возобновлён отчёт на почту"),
    "subscription_remove": Text("Deleted a report by e-mail", "Удалён отчёт на почту"),
    "alert_added": Text("Set up an alert", "Настроено оповещение"),
    "alert_changed": Text("Changed an alert", "Изменено оповещение"),
    "alert_check": Text("Checked an alert now", "Оповещение проверено сейчас"),
    "alert_pause": Text("Paused an alert", "Приостановлено оповещение"),
    "alert_resume": Text("Resumed an alert", "Возобновлено оповещение"),
    "alert_remove": Text("Deleted an alert", "Удалено оповещение"),
    "letter_stopped": Text("Left the list of a letter", "Отписка от писем"),
    "mail_failed": Text("A letter could not be sent", "Письмо не ушло"),
    "identity_cut": Text("Parted two people", "Разделены люди"),
    "identity_join": Text("Joined two people", "Объединены люди"),
    "identity_block": Text("Declared an identifier shared", "Идентификатор признан общим"),
    "identity_undone": Text("Undid a decision about people", "Отменено решение о людях"),
    "person_exported": Text("Downloaded a person's data", "Выгружены данные человека"),
    "person_erased": Text("Erased a person", "Стёрты данные человека"),
    "connection_added": Text("Connected a system", "Подключена система"),
    "connection_agreed": Text("Signed in to a connected system", "Получен доступ к подключённой системе"),
    "connection_changed": Text("Changed a connection", "Изменено подключение"),
    "connection_removed": Text("Removed a connection", "Удалено подключение"),
    "credentials_kept": Text("Kept the access to a system", "Сохранён доступ к системе"),
    "webhooks_registered": Text("Registered webhooks", "Зарегистрированы вебхуки"),
    "webhook_added": Text("Added a webhook", "Добавлен вебхук"),
    "site_added": Text("Added a site", "Добавлен сайт"),
    "source_added": Text("Added a source", "Добавлен источник"),
    "file_uploaded": Text("Uploaded a file", "Загружен файл"),
    "values_set": Text("Said what values mean", "Заданы значения"),
    "row_corrected": Text("Corrected a row of a file", "Исправлена строка файла"),
    "job_stopped": Text("Stopped a job", "Остановлена работа"),
    "backup_made": Text("Made a backup", "Создана резервная копия"),
    "backup_downloaded": Text("Downloaded a backup", "Скачана резервная копия"),
}
ROLE_WORDS = {
    "owner": (Text("Owner", "Владелец"), Text("Everything, users too.", "Всё, включая пользователей.")),
    "analyst": (
        Text("Analyst", "Аналитик"),
        Text("All numbers and settings of reports.", "Все числа и настройки отчётов."),
    ),
    "manager": (Text("Manager", "Менеджер"), Text("Only their own deals.", "Только свои сделки.")),
    "viewer": (Text("Viewer", "Наблюдатель"), Text("All numbers, changes nothing.", "Все числа, ничего не меняет.")),
}
"""What each role is called, and what it may do."""
COMMAND_LINE = "command line"
_BY_COMMAND = Text("command line", "командная строка")
_PROGRAM = Text("the program itself", "сама программа")


def event_words(entry: AuditEntry, language: Language) -> str:
    """What was done; an event of a later version stays its code."""
    known = EVENTS.get(entry.what)
    return known.to(language) if known else entry.what


def who_words(who: str, language: Language) -> str:
    """Who did it: an address, the command line, or the program itself."""
    return {COMMAND_LINE: _BY_COMMAND, "": _PROGRAM}[who].to(language) if who in (COMMAND_LINE, "") else who


def detail_words(entry: AuditEntry, language: Language) -> str:
    """The details: a question by its report and days, a section of the settings and a role by what they are called."""
    first, _, last = entry.detail.rpartition(" ")
    match entry.what:
        case "export" if "report=" in last:
            asked = parse_qs(last.partition("?")[2] or last)
            report = reports().get(asked["report"][0])
            days = " – ".join(asked[name][0] for name in ("since", "until") if name in asked)
            title = report.title.to(language) if report else asked["report"][0]
            return " · ".join(one for one in (first.upper(), title, days, *asked.get("filter", [])) if one)
        case "shared":
            return entry.detail.partition(": /")[0]
        case "settings_changed":
            return next((title.to(language) for name, title, _, _ in SECTIONS if name == entry.detail), entry.detail)
        case "token_made":
            name, _, scopes = entry.detail.rpartition(": ")
            known = [
                SCOPES[scope].to(language).partition(":")[0].lower() for scope in scopes.split() if scope in SCOPES
            ]
            return f"{name}: {', '.join(known)}" if name and known else entry.detail
        case "user_added" | "user_role" if last in ROLE_WORDS:
            return f"{first}: {ROLE_WORDS[last][0].to(language).lower()}"
    return entry.detail
