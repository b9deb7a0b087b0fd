"""What the board's reasons are called, in Indonesian and in English; `docs/glossary.md` says the same."""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "overdue": ("lewat tenggat", "overdue"),
    "no_caseworker": ("tanpa pendamping", "no caseworker"),
    "no_first_contact": ("belum ada kontak pertama", "no first contact"),
    "ref_no_answer": ("rujukan belum dijawab", "referral not answered"),
    "ref_accepted_no_result": ("rujukan disanggupi tanpa kabar", "referral accepted, no word since"),
    "ref_bounced": ("rujukan ditolak berulang", "referrals declined or unavailable"),
    "no_activity": ("tidak ada kegiatan", "no activity"),
    "stat_breach": ("tenggat undang-undang terlewati", "a partner's time by law has passed"),
    "approval_pending": ("menunggu keputusan", "waits for a decision"),
    "risk_up": ("risiko meningkat", "risk has risen"),
    "prot_expiring": ("pelindungan akan berakhir", "protection about to end"),
    "legal_silent": ("tidak ada kabar proses hukum", "no word from police or court"),
    "notice_undelivered": ("pemberitahuan tidak sampai", "notice not delivered"),
    "step_failing": ("langkah sistem gagal", "a step of the engine fails"),
}


def in_words(reason: str) -> str:
    """A reason for people; one that this version does not know as it came."""
    indonesian, english = REASONS.get(reason, ("", ""))
    return f"{indonesian} ({english})" if indonesian else reason
