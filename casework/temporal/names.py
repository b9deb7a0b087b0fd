"""What both sides of Temporal must call alike. Search attributes are in the clear: codes and times only."""

from temporalio.common import SearchAttributeKey

CASES = "cases"
"""Task queue of the case workflows and of the record."""

NOTICES = "notices"
"""Task queue of what may be slow: nothing there holds up the record."""

CASE_STAGE = SearchAttributeKey.for_keyword("CaseStage")
CASE_CATEGORIES = SearchAttributeKey.for_keyword_list("CaseCategories")
CASE_RISK = SearchAttributeKey.for_keyword("CaseRisk")
CASE_AGENCY = SearchAttributeKey.for_keyword("CaseAgency")
CASE_WAITING_ON = SearchAttributeKey.for_keyword("CaseWaitingOn")
CASE_DUE = SearchAttributeKey.for_datetime("CaseDue")

SEARCH_ATTRIBUTES = (CASE_STAGE, CASE_CATEGORIES, CASE_RISK, CASE_AGENCY, CASE_WAITING_ON, CASE_DUE)
"""All of them, for registering: a server refuses a case with one that it does not know."""
