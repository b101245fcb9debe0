### 规则不允许时的话：哪里不行、怎么办、依据。键为 refusal-代码。

refusal-post-not-held = 当前岗位已失效或账户已停用。请重新登录选择有效岗位，或联系本单位管理员。
refusal-forbidden = 当前岗位没有这项职权。请由本环节的岗位办理，或联系本单位管理员授权。
refusal-not-found = 没有找到，或不在您的管辖范围内。请核对编号。
refusal-wrong-stage = 办件现在的阶段是“{ $stage }”，不能做这一步。请刷新办件页查看最新情况。
refusal-task-closed = 这个环节已经办结。请返回待办查看其他办件。
refusal-task-taken = 已有同事先认领了这个环节。请办理其他待办，或请对方退回。
refusal-task-not-yours = 这个环节不是您认领的，不能退回。
refusal-duties-separated = 您已办理本件的“{ $did }”环节，不能再办理“{ $now }”。请由其他人员办理（审查与决定分离；行政许可法第四十八条）。
refusal-administrators-separated = 系统管理员、安全管理员、审计管理员必须由不同的人担任（三员分立）。请另选人员。
refusal-unknown-outcome = 这个环节没有“{ $outcome }”这种结论。请刷新页面后重新选择。
refusal-reason-missing = 作出这个结论应当说明理由（行政许可法第三十八条第二款）。请填写理由后提交。
refusal-article-missing = 作出这个结论应当写明法律依据。请填写条款后提交。
refusal-text-too-long = 文字超过 { $max } 个字。请精简后提交，详细内容可以作为附件。
refusal-supplement-asked-already = 已经告知过补正，依法只能告知一次（行政许可法第三十二条第一款第（四）项）。请依现有材料受理或不予受理。
refusal-supplement-empty = 补正告知书应当列明需要补正的全部内容（行政许可法第三十二条第一款第（四）项）。请至少选一项。
refusal-supplement-incomplete = 还缺少：{ $missing }。请补齐后重新提交。
refusal-supplement-beyond = 补正只能改动告知书列出的内容，“{ $target }”不在其中。请撤销这处改动。
refusal-paused-already = 已经停表，不能重复停表。
refusal-not-paused = 现在没有停表，不需要恢复计时。
refusal-pause-not-allowed = 只有听证、招标、拍卖、检验、检测、检疫、鉴定、专家评审可以停表，且本事项须有此程序（行政许可法第四十五条）。
refusal-paused = 停表期间不能办理。请在特别程序结束后恢复计时再办理（行政许可法第四十五条）。
refusal-extended-already = 期限只能延长一次（行政许可法第四十二条第一款），本件已经延长过。
refusal-extension-not-allowed = 本事项没有延长期限的规定。请在原期限内办结。
refusal-pause-days = 请填写预计需要的工作日，1 至 { $max }。
refusal-acceptance-deemed = 五个工作日已过，这件申请视为已受理（行政许可法第三十二条）。请刷新页面后继续办理。
refusal-own-case = 您是这件申请的申请人或经办人，不能参与办理。请由其他人员办理。
refusal-supplement-twice = 补正告知中同一项（{ $target }）出现了两次。请合并后提交。
refusal-certificate-pending = 证照还没有制成，请稍后再送达。
refusal-signer-missing = 请填写签收人。
refusal-renewal-late = 延续申请应当在 { $latest } 前提出（行政许可法第五十条）。请重新申请许可。
refusal-renewal-deemed = 有效期届满前没有作出决定，已经视为准予延续（行政许可法第五十条第二款），不能再不予延续。请作出准予延续的决定。
refusal-not-heard = { $until ->
    [none] 还没有告知当事人并听取陈述、申辩（行政许可法第七条、第三十六条），不能作出不利决定。请先办理告知。
   *[other] 当事人可以在 { $until } 前陈述、申辩（行政许可法第七条、第三十六条）。请在收到意见后或者期满后再决定。
}
refusal-outcome-bound = { $outcome ->
    [grant] 依照{ $article }，应当作出这项处理，不能终结。请作出相应决定。
   *[refuse] 依照{ $article }，不得作出这项处理。请作出终结决定。
}
refusal-day-before = 日期不能早于 { $earliest }。请重新填写日期。
refusal-day-after = 日期不能晚于 { $latest }。请重新填写日期。
refusal-limit-ended = 法定期限已于 { $on } 届满，不能再停表或延长。请尽快作出决定。
refusal-not-applicant = 只有申请人本人可以办理。请用提交申请的账户登录。
refusal-not-represented = 您的账户没有代理统一社会信用代码 { $applicant } 的单位。请先由该单位授权经办人。
refusal-applicant-kind = 这个事项不受理这类申请人。请在办事指南中查看谁可以申请。
refusal-not-handled-here = 这个事项不由这一级或这个地区办理。请按办事指南到有权机关申请（行政许可法第三十二条第一款第（二）项）。
refusal-no-limit-in-force = 这一天没有生效的办理期限。请联系事项管理员核对事项目录。
refusal-form-invalid = 申请表有需要修改的地方。请按页面提示修改后提交。
refusal-file-unknown = 没有找到材料“{ $material }”的文件。请重新上传。
refusal-material-unknown = “{ $material }”不是本事项的材料。请按材料清单选择。
refusal-claim-taken = 与另一在办或在建事项冲突（{ $name }）。请先办结或解除原有登记，再提交。
refusal-rule-undecided = 规则“{ $decision }”缺少数据，不能自动判断。请补充数据或由人工判断。
refusal-licence-ended = 证照状态为“{ $status }”，已经终止，不能再办理。
refusal-extensions-exhausted = 延期开工以两次为限（建筑法第九条），次数已经用完。请重新申请施工许可。
refusal-not-yet = 还没到可以办理的日期。请在 { $on } 以后办理。
refusal-subject-erased = 申请人的个人信息已依法删除（个人信息保护法第四十七条），不能再添加个人内容。
refusal-calendar-year = 只能载入 { $first } 年至 { $last } 年的放假安排。请检查年份。
refusal-calendar-taken = { $on } 已由另一年的通知列出。请核对通知原文。
refusal-calendar-unchanged = 该年的放假安排已经载入，日期完全相同，不用再次载入。
refusal-notice-unnamed = 请填写通知的标题、发文字号和来源。
refusal-exists = 已经存在，不能重复办理。请在列表中查找原有记录。
refusal-process = 流程在“{ $element }”处不能继续，本次操作没有保存。请把办件编号和这句话告诉本系统的系统管理员。
refusal-address-missing = 选择了接收方式，但没有填写对应的邮箱或手机号。请补充后再保存。
