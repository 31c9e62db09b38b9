# SPDX-License-Identifier: Apache-2.0
"""Invented names, streets and numbers. No person, street or subscriber is meant: the city does not exist, no mobile number
begins with 100."""

from __future__ import annotations

import numpy as np

from simulate.draw import Array, Ints, choose

SURNAMES = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易常武乔贺赖龚文"
)
#: Few surnames cover most people; the tail is long.
SURNAME_WEIGHTS = 1.0 / (np.arange(len(SURNAMES)) + 3.0)
MALE = tuple("伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳阳建亮成峰志国栋文博瑞泽晨")
FEMALE = tuple("芳娜敏静丽艳娟霞秀燕玲桂英兰红梅莉倩萍雪慧琳玉洁颖婷雅欣怡佳思琪梦瑶晓菲莹璐蕾悦彤涵")
STREETS = (
    "望桥路", "听松街", "青禾路", "石鼓巷", "双槐路", "云溪大道", "柳岸街", "北塘路", "东篱路",
    "南屏街", "锦文路", "书院巷", "白鹭路", "长亭街", "春和路", "秋水路", "月湖路", "星河街",
    "桑园路", "竹坞巷", "梅坪路", "枫林街", "荷塘路", "茶山路", "银杏路", "金桂街", "泉声路",
    "晓钟街", "渔港路", "丰收路", "安澜街", "永宁巷",
)  # fmt: skip
CITY = "云溪市"


def people(rng: np.random.Generator, surname: Ints, female: Array) -> Array:
    """Names of the surnames (indices) and sexes given, as an object array."""
    n = len(surname)
    pool_m, pool_f = np.array(MALE, dtype=object), np.array(FEMALE, dtype=object)
    first = np.where(female, pool_f[rng.integers(0, len(FEMALE), n)], pool_m[rng.integers(0, len(MALE), n)])
    second = np.where(female, pool_f[rng.integers(0, len(FEMALE), n)], pool_m[rng.integers(0, len(MALE), n)])
    two = rng.random(n) < 0.72
    return np.array(SURNAMES, dtype=object)[surname] + first + np.where(two, second, "")


def surnames(rng: np.random.Generator, n: int) -> Ints:
    return choose(rng, SURNAME_WEIGHTS, n)


def phones(serial: Array) -> Array:
    """Numbers of eleven digits that no network has given out."""
    return np.array([f"100{int(n):08d}" for n in serial], dtype=object)


def addresses(home: Array) -> Array:
    """The address of each home: about ten homes a stair, three stairs a house (house = home // 30)."""
    out = np.empty(len(home), dtype=object)
    for i, h in enumerate(np.asarray(home).tolist()):
        house, inside = divmod(h, 30)
        stair, flat = divmod(inside, 10)
        number, street = divmod(house, len(STREETS))
        out[i] = f"{CITY}{STREETS[street]}{number + 1}号{stair + 1}单元{flat // 2 + 1}0{flat % 2 + 1}室"
    return out
