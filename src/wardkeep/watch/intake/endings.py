# SPDX-License-Identifier: Apache-2.0
"""Words that say how an act ended, whatever stands beside them: 未成功, 不通过, `Error printing`; 执行成功, `Completed`. Pure.

`true`, `yes`, 是 and 1 are none of them: in a column called `fail` they say the opposite.
"""

from __future__ import annotations

import re

DENIED, FAILURE = "denied", "failure"
#: What holds such a word and says the opposite.
_NOT = re.compile(
    r"(?<![a-z])(?:no|without|zero|0) (?:any )?(?:errors?|failures?|problems?|exceptions?)(?![a-z])"
    r"|(?:errors?|err(?:or)?[ _-]?(?:code|no)|fail(?:ed|ures?)?)\s*[:=]\s*(?:0|none|null)(?!\w)"
    r"|(?<![a-z])not (?:blocked|denied|rejected|refused|failed)|unblock(?:ed)?|unlock(?:ed)?"
    r"|(?:未|没有?|沒有?|无|無|未发现|未见)(?:失败|错误|异常|出错|报错|阻断|阻止|拦截|拒绝|禁止)|不限|不拦截|不阻断",
    re.IGNORECASE | re.ASCII,
)
_DENIED = re.compile(
    r"拒绝|拒絕|被拒|阻断|阻斷|阻止|拦截|攔截|禁止|无权|無權|未授权|未經授權|未经授权|越权|不允许|不準|不准|黑名单|锁定|鎖定|封禁|冻结"
    r"|den(?:y|ied|ial)|reject|refus|forbid|prohibit|disallow|block|unauthori[sz]|(?<![a-z])locked"
    r"|(?<![a-z])not[ _-](?:allowed|permitted|authori)|no[ _-](?:permission|access|rights?)(?![a-z])",
    re.IGNORECASE | re.ASCII,
)
_FAILURE = re.compile(
    r"失败|失敗|错|錯|異常|异常|无效|無效|非法|违规|不|未|(?<![接招看])待|无法|無法|没有|沒有|取消|中断|中止|终止|放弃|超时|逾时|过期|過期|失效|作废|挂失|停用"
    r"|fail|error|invalid|unsuccess|abort|exception|time[d -]*out|expired|cancel|incorrect|incomplete|illegal|unable|cannot"
    r"|can't|interrupt|pending|waiting|(?<![a-z])(?:bad|wrong|not|false|never|err|nok|nack)(?![a-z])"
    r"|^(?:no?|f|否|假|ko|-\d+)$",
    re.IGNORECASE | re.ASCII,
)

_SUCCESS = re.compile(
    r"成功|完成|通过|允许|放行|正常|合法|有效"
    r"|(?<![a-z])(?:success[a-z]*|succeed(?:ed|s)?|ok(?:ay)?|completed?|allow(?:ed)?|permit(?:ted)?|grant(?:ed)?|accept(?:ed)?"
    r"|pass(?:ed)?|approved|normal|done)(?![a-z])",
    re.IGNORECASE | re.ASCII,
)


def refused(text: str) -> str | None:
    """`denied` or `failure` where the text holds such a word, else None."""
    left = _NOT.sub(" ", text.strip())
    return DENIED if _DENIED.search(left) else FAILURE if _FAILURE.search(left) else None


def went_well(text: str) -> bool:
    """Whether the text holds a word of success and none of refusal."""
    return _SUCCESS.search(text) is not None and refused(text) is None
