"""Secrets: how many are held, by whom, how far each reaches, and how old they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime

from app.comparison.counted import Counted
from app.comparison.evidence import Evidence
from app.comparison.judgement import Measure, Phrases, counts, detail, times
from app.comparison.measures.entry import Entry
from app.comparison.measures.setup_cost import COUNTED, NO_ENVIRONMENT, SPECIFIED, parts_of, sized
from app.comparison.measures.told_by_others import not_told
from app.comparison.result import Heading
from app.domain.operation import Trigger
from app.wording.quantities import listed


def _held(evidence: Evidence, mode: str) -> Measure:
    secrets = [[part for part in of if part.credential] for of in parts_of(evidence, mode)]
    holders = Counter(part.holder for of in secrets for part in of)
    details = [detail(f"held by {holder}", count) for holder, count in holders.most_common()]
    reach = _reach(evidence, mode)
    details += [detail("environments open to the most shared secret", max(map(len, reach.values())))] if reach else []
    details += not_told(evidence, mode)
    told = listed(f"{holder} ({count:,})" for holder, count in holders.most_common())
    note = f"Held by {told}." if holders else ""
    return Measure(mode, sized(evidence, mode, secrets), tuple(details), note)


def _reach(evidence: Evidence, mode: str) -> dict[str, set[str]]:
    """{named secret: the environments it opens}: stored credentials, and tokens that pipelines used."""
    opens: dict[str, set[str]] = defaultdict(set)
    for one, of in zip(evidence.ours(mode), parts_of(evidence, mode), strict=True):
        for part in of:
            if ": " in part.credential:
                opens[part.credential].add(one.name)
    for fact in evidence.finished[mode]:
        if fact.trigger is Trigger.PIPELINE and fact.initiated_by:
            opens[fact.initiated_by].add(fact.environment)
    return opens


def _aged(evidence: Evidence, mode: str) -> Measure:
    """Each environment by the oldest of its secrets whose age is known."""
    until, since = evidence.window.until, evidence.secrets
    known: dict[str, list[datetime]] = defaultdict(list)
    unknown: set[str] = set()
    for secret, names in _reach(evidence, mode).items():
        made = since.get(secret.partition(": ")[2] or secret)
        for name in names:
            if made is None or made > until:
                unknown.add(secret)
            else:
                known[name].append(made)
    cases = [Counted.lasting(min(known[one.name]), until, one) for one in evidence.present(mode) if known.get(one.name)]
    details = (detail("secrets of unknown age", len(unknown)),) if unknown else ()
    return Measure(mode, cases, details)


ENTRIES = (
    Entry(
        Heading(
            key="security",
            criterion="security",
            title="Credentials held",
            question="How many secrets are held for an environment, and by whom?",
            unit="credentials",
            better="lower",
            needed=1,
            definition=(
                "The repository's and the target's credentials as specified, the webhook's secret or the pipeline's "
                f"token where one is in use, the agent's token. {COUNTED} Fewer secrets, known to fewer parties, leave "
                "less to steal."
            ),
            by_design=True,
            events=f"{SPECIFIED} The reach of a secret: the environments whose specification or syncs name it.",
            formula="mean over the environments of the secrets held for them",
            exclusions=(
                "Secrets of people, and what a pipeline or a Git host holds besides ours: nobody tells us of them."
            ),
            source="ours",
        ),
        Phrases("{Mode}: {value} held per environment (mean of {n}).", NO_ENVIRONMENT, "fewer"),
        _held,
        counts,
    ),
    Entry(
        Heading(
            key="credential_age",
            criterion="security",
            title="Age of credentials",
            question="For how long has the oldest secret of an environment been in use?",
            unit="s",
            better=None,
            needed=10,
            definition=(
                "For each environment, the age of its oldest stored credential or pipeline's token. When secrets are "
                "replaced is up to people, not to the mode."
            ),
            events="When credentials were stored or last replaced, and when the tokens used by pipelines were made.",
            formula="median over the environments of `until − made` of their oldest secret",
            exclusions=(
                "Secrets whose beginning we do not know (keys of hosts, deleted credentials and tokens), counted "
                "beside it; webhooks' and agents' secrets, which belong to no environment alone."
            ),
            source="ours",
        ),
        Phrases(
            "{Mode}: the oldest secret of an environment is {value} old ({of}).",
            "No {mode} environment has a secret of known age.",
            "newer",
        ),
        _aged,
        times,
    ),
)
